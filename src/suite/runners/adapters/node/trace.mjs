// Loaded into every process of `node --test` with `node --import`, where what each test file rests on is traced: before any
// other code, that of preload.mjs included. The process of a file whose results are reused ends here.
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { stopCoverage } from "node:v8";
import { isMainThread } from "node:worker_threads";
import { nowTraced } from "../tracing/databases.mjs";
import { watchMisses } from "../tracing/misses.mjs";
import { Trace, traceProcess } from "../tracing/process-trace.mjs";
import { withoutTracing } from "../worker-environment.mjs";

const { VERIFY_TRACE: directory = "", VERIFY_CHECKOUT: root = ".", VERIFY_REUSED: reused } = process.env;
const [, file] = process.argv;

if (process.env.NODE_TEST_CONTEXT?.startsWith("child") && file !== undefined && isMainThread) {
  const checkout = realpathSync(root);
  if (reused !== undefined) {
    /** @type {{ files: string[] }} */
    const { files } = JSON.parse(readFileSync(reused, "utf8"));
    if (files.some((name) => join(checkout, name) === realpathSync(file))) {
      stopCoverage();
      process.exit(0);
    }
  }
  traceFile(checkout, realpathSync(file));
  withoutTracing(process.env);
}

/** @param {string} checkout @param {string} test */
function traceFile(checkout, test) {
  const trace = new Trace(checkout, null);
  nowTraced(trace.databases);
  let hasMissed = false;
  watchMisses(() => {
    hasMissed = true;
  });
  traceProcess(trace, [process.env], [process.env.VERIFY_PROGRESS ?? "", process.env.VERIFY_LEASES ?? ""]);
  let told = 0;
  process.on("exit", () => {
    const { always, hasReadText } = trace;
    trace.isOn = false;
    const [reads, looks, written] = [trace.reads, trace.looks, trace.written].map((paths) => [...paths]);
    const found = {
      tests: [test],
      files: [test],
      whole: [],
      names: [],
      reads,
      looks,
      written,
      always,
      hasReadText,
      hasMissed,
    };
    told += 1;
    let path = join(directory, `trace-${process.pid}-${told}.json`);
    // A number of a process may come again.
    while (existsSync(path)) path = join(directory, `${basename(path, ".json")}-again.json`);
    writeFileSync(path, JSON.stringify(found));
  });
}
