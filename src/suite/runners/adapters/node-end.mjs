// In the process of one file of `node --test`: writes down that the file has begun, and how its process ends. node:test takes
// a process that ends itself with code 0 for a file whose tests are done, whatever tests there were still to come.
import { appendFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
import { watchLife } from "./kept-alive.mjs";

const { setTimeout } = globalThis;

/** How long node:test may take to tell what it knows, in milliseconds. */
const flushed = 500;

/** Begins to watch; to be called once, before the file is loaded. */
export function watchEnd() {
  const { VERIFY_ENDS: path } = process.env;
  if (!path || !isMainThread) return;
  delete process.env.VERIFY_ENDS;
  const file = process.argv[1];
  /** @param {"begun" | "ended" | "left"} event */
  const tell = (event) => appendFileSync(path, `${JSON.stringify({ file, event, usesTests: usesTests() })}\n`);
  let testsAreDone = false;
  let isLeaving = false;
  tell("begun");
  // A process in which nothing is left to do gets here without a call of process.exit.
  const onExit = () => {
    if (isLeaving) return;
    testsAreDone = true;
    tell("ended");
  };
  process.on("exit", onExit);
  // A test may take all listeners away, so that it can put its own there.
  process.on("removeListener", (event, listener) => {
    if (event === "exit" && listener === onExit) process.on("exit", onExit);
  });
  // Node's types leave out what process.exit itself calls at last.
  const inner = /** @type {NodeJS.Process & { reallyExit: (code?: number | string | null) => never }} */ (process);
  const { exit, reallyExit } = inner;
  process.exit = (code) => {
    isLeaving = true;
    return exit.call(process, code);
  };
  inner.reallyExit = (code) => {
    tell(testsAreDone ? "ended" : "left");
    return reallyExit.call(process, code);
  };
  syncBuiltinESMExports();
  const socketPath = process.env.VERIFY_PROGRESS;
  const isOver = watchTests();
  const end = () => {
    // As where nothing is left to do: node:test tells what it has not told yet.
    process.emit("beforeExit", 0);
    setTimeout(() => exit.call(process), flushed);
  };
  watchLife({ socketPath, isOver, end });
  // With this option the runner itself ends the process, once all tests are done.
  if (!process.execArgv.includes("--test-force-exit")) return;
  afterAllTests(() => {
    testsAreDone = true;
  });
}

/**
 * Gives what says whether tests have run, and none is running: by what node:test tells the process that started this one.
 */
function watchTests() {
  let begun = 0;
  let done = 0;
  const { stdout } = process;
  const write = stdout.write;
  stdout.write = (/** @type {any} */ chunk, /** @type {any[]} */ ...more) => {
    const text =
      typeof chunk === "string"
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    begun += text.split("test:dequeue").length - 1;
    done += text.split("test:complete").length - 1;
    return write.call(stdout, chunk, ...more);
  };
  return () => begun > 0 && begun === done;
}

/** Whether anything in this process has loaded node:test so far. */
function usesTests() {
  const { moduleLoadList = [] } = /** @type {{ moduleLoadList?: string[] }} */ (/** @type {unknown} */ (process));
  return moduleLoadList.includes("NativeModule test");
}

/**
 * Has a hook run once all tests of the process are done; it is added when the file's first call makes node:test listen for
 * the end, as a file without tests is to have no hook.
 *
 * @param {() => void} hook
 */
function afterAllTests(hook) {
  /** @param {string | symbol} event */
  const onListener = (event) => {
    if (event !== "beforeExit") return;
    process.off("newListener", onListener);
    // By then node:test knows its root, which it is just making.
    queueMicrotask(() => createRequire(import.meta.url)("node:test").after(hook));
  };
  process.on("newListener", onListener);
}
