// Runs in the process of each file of `node --test`: records that the file began, and how its process ended. node:test
// treats exit code 0 as success, even if tests were still to come.
import { appendFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
import { watchLife } from "../kept-alive.mjs";

const { setTimeout } = globalThis;

/** How long node:test may take to flush its output, in milliseconds. */
const flushed = 500;

/** Starts watching; call it once, before the file is loaded. */
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
  // A process that runs out of work gets here without process.exit.
  const onExit = () => {
    if (isLeaving) return;
    testsAreDone = true;
    tell("ended");
  };
  process.on("exit", onExit);
  // A test may remove all listeners to set its own.
  process.on("removeListener", (event, listener) => {
    if (event === "exit" && listener === onExit) process.on("exit", onExit);
  });
  // Missing in Node's types: process.exit ends by calling it.
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
    // As in a normal exit: node:test flushes its reports.
    process.emit("beforeExit", 0);
    setTimeout(() => exit.call(process), flushed);
  };
  watchLife({ socketPath, isOver, end });
  // With this option the runner itself ends the process after all tests.
  if (!process.execArgv.includes("--test-force-exit")) return;
  afterAllTests(() => {
    testsAreDone = true;
  });
}

/** Returns a function that says whether tests have run and none is running, from node:test's messages to the parent. */
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

/** Whether anything in this process has loaded node:test. */
function usesTests() {
  const { moduleLoadList = [] } = /** @type {{ moduleLoadList?: string[] }} */ (/** @type {unknown} */ (process));
  return moduleLoadList.includes("NativeModule test");
}

/**
 * Calls a hook after all tests of the process. It is added when the file first uses node:test, as a file without tests
 * must have no hook.
 *
 * @param {() => void} hook
 */
function afterAllTests(hook) {
  /** @param {string | symbol} event */
  const onListener = (event) => {
    if (event !== "beforeExit") return;
    process.off("newListener", onListener);
    // Only then does node:test have its root.
    queueMicrotask(() => createRequire(import.meta.url)("node:test").after(hook));
  };
  process.on("newListener", onListener);
}
