// Loaded into every process and thread of vitest with `node --import`, where what each test file rests on is traced. A worker
// writes what it found before it says that its file is finished; the coordinating process keeps it for tracing.mjs.
import fs from "node:fs";
import { join } from "node:path";
import { parentPort, threadId } from "node:worker_threads";
import { nowTraced } from "../tracing/databases.mjs";
import { watchMisses } from "../tracing/misses.mjs";
import { isOwn, isRunner, Trace, traceProcess } from "../tracing/process-trace.mjs";
import { withoutTracing } from "../worker-environment.mjs";

const directory = process.env.VERIFY_TRACE ?? "";
const checkout = fs.realpathSync(process.env.VERIFY_CHECKOUT ?? ".");
const { writeFileSync } = fs;
const [, program = ""] = process.argv;

/** The one of the coordinating process, for its reporter. */
export const ofCoordinator = Symbol.for("pushproof.trace");

if (/\/vitest\/dist\/workers\/(?:forks|threads)\.js$/.test(program)) traceWorker();
else if (/\/vitest(?:\.mjs)?$/.test(program)) traceCoordinator();

function traceCoordinator() {
  // A glob walks through directories by itself: nobody else is on the stack by then.
  const walking = /\/node_modules\/(?:tinyglobby|fdir)\//;
  const bundler = /\/node_modules\/(?:rolldown|rollup|esbuild|@rolldown|@vitejs\/(?!plugin)[\w-]+)\//;
  const trace = new Trace(checkout, (frames, path) => {
    if (/\/\.env[^/]*$/.test(path)) return false;
    if (frames.length === 0) return !trace.isStrict;
    const others = frames.filter((frame) => !walking.test(frame));
    return isRunner(others) || bundler.test(others[0] ?? "");
  });
  watchMisses((asker = "") => {
    if (isOwn(asker, checkout)) trace.hasMissed = true;
  });
  traceProcess(trace, [process.env], [process.env.VERIFY_PROGRESS ?? ""]);
  /** @type {any} */ (globalThis)[ofCoordinator] = trace;
}

function traceWorker() {
  const trace = new Trace(checkout, null);
  /** @type {Set<string>} */
  const files = new Set();
  /** @type {Set<string>} */
  const names = new Set();
  /** Whether a module was asked for that is not there: a new file may be it. */
  let hasMissed = false;
  /** @type {string[]} */
  const tests = [];
  /** By each file, the one that asked for it first. @type {Map<string, string>} */
  const importers = new Map();
  /** Requests by number: in which environment the main process is asked to load something, and for which file. @type {Map<string, [environment: string, importer: unknown]>} */
  const asked = new Map();
  const databases = Object.values(JSON.parse(process.env.VERIFY_WORKER_ENVIRONMENTS ?? "{}")).concat(process.env);
  nowTraced(trace.databases);
  traceProcess(trace, databases, [process.env.VERIFY_PROGRESS ?? "", process.env.VERIFY_LEASES ?? ""]);
  withoutTracing(process.env);

  watchMisses((asker = "") => {
    if (isOwn(asker, checkout)) hasMissed = true;
  });
  /** What the main process says. @param {any} message */
  const heard = (message) => {
    if (message?.type === "run") {
      for (const { filepath } of message.context.files) tests.push(filepath);
    } else if (message?.t === "s" && asked.has(message.i)) {
      const [environment = "", importer] = asked.get(message.i) ?? [];
      asked.delete(message.i);
      if (message.e !== undefined || message.r === null) hasMissed = true;
      loaded(message.r, environment);
      const file = message.r?.file;
      if (typeof importer === "string" && typeof file === "string" && !importers.has(file))
        importers.set(file, importer);
    }
  };
  /** @param {any} module @param {string} environment */
  const loaded = (module, environment) => {
    if (typeof module?.file === "string" && module.file !== "") files.add(module.file);
    const outside = typeof module?.externalize === "string" ? pathOf(module.externalize) : null;
    if (outside !== null && isOwn(outside, checkout)) {
      trace.mark(`loads ${outside.slice(checkout.length + 1)} outside of vitest's modules`);
    }
    // What is loaded as text or otherwise, or before functions are counted.
    const isText = /[?&](?!(?:v|t|import|_vitest_original)\b)/.test(module?.id ?? "");
    if ((isText || environment === "__vitest__") && module?.file && isOwn(module.file, checkout)) {
      whole.add(module.file);
    }
  };
  /** Files whose functions may have run before coverage was counted. @type {Set<string>} */
  const whole = new Set();
  /** What the worker says. @param {any} message */
  const said = (message) => {
    if (message?.t === "q" && (message.m === "fetch" || message.m === "resolve")) {
      const [id, importer, environment] = message.a;
      if (typeof id === "string") names.add(id);
      asked.set(message.i, message.m === "fetch" ? [environment, importer] : ["", null]);
    }
    if (message?.type === "testfileFinished") tell();
  };
  let told = 0;
  const tell = () => {
    if (tests.length > 1) trace.mark("shares its process with other test files");
    const { always, hasReadText } = trace;
    const found = {
      tests,
      files: [...files],
      whole: [...whole],
      names: [...names],
      importers: Object.fromEntries(importers),
      reads: [...trace.reads],
      looks: [...trace.looks],
      written: [...trace.written],
      always,
      hasReadText,
      hasMissed,
    };
    told += 1;
    writeFileSync(join(directory, `trace-${process.pid}-${threadId}-${told}.json`), JSON.stringify(found));
  };

  const port = /** @type {any} */ (parentPort ?? process);
  const sending = parentPort === null ? "send" : "postMessage";
  const send = port[sending].bind(port);
  port[sending] = (/** @type {unknown[]} */ ...args) => {
    said(args[0]);
    return send(...args);
  };
  // A listener of our own, before vitest's: the first one lets the messages in that came meanwhile.
  const on = port.on.bind(port);
  let isListening = false;
  port.on = (/** @type {string} */ event, /** @type {any} */ listener) => {
    if (event === "message" && !isListening) {
      isListening = true;
      on(event, heard);
    }
    return on(event, listener);
  };
}

/** @param {string} url */
function pathOf(url) {
  if (url.startsWith("file://")) return decodeURIComponent(new URL(url).pathname);
  return url.startsWith("/") ? url : null;
}
