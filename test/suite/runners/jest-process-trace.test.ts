import Module from "node:module";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { JestTrace } from "../../../src/suite/runners/adapters/jest/process-trace.mjs";

const here = fileURLToPath(import.meta.url);
/** What Node itself loaded, by file. */
const loaded: Record<string, unknown> = Reflect.get(Module, "_cache");

afterEach(() => {
  delete loaded[here];
});

/** A trace in which a test file has begun, and this file is a module of it, or loaded outside of test files. */
function begun(where: "test" | "outside"): JestTrace {
  const trace = new JestTrace(true);
  const file = trace.begin("/app/test/a.test.ts", "/cache");
  if (where === "test") file.files.add(here);
  else loaded[here] = {};
  return trace;
}

test("what a module of a test file reads, looks for and does is that file's", () => {
  const trace = begun("test");
  trace.add("/app/data.txt", trace.reads);
  trace.add("/app/missing.txt", trace.looks);
  trace.mark("starts a process");
  expect(trace.end()).toMatchObject({
    reads: ["/app/data.txt"],
    looks: ["/app/missing.txt"],
    always: "starts a process",
    everyone: { reads: [], looks: [], why: null },
  });
});

test("what is read outside of test files matters to all, though the test file that runs loads it, too", () => {
  const trace = begun("outside");
  trace.file?.files.add("/app/data.json");
  trace.add("/app/data.json", trace.reads);
  trace.mark("starts a process");
  const found = trace.end();
  expect(found?.always).toBeNull();
  expect(found?.everyone.reads).toEqual(["/app/data.json"]);
  expect(found?.everyone.why).toMatch(/ starts a process outside of its tests$/);
});

test("each test file begins with nothing, and what is read between two of them is nobody's", () => {
  const trace = begun("test");
  trace.add("/app/one.txt", trace.reads);
  trace.end();
  trace.add("/app/between.txt", trace.reads);
  trace.begin("/app/test/b.test.ts", "/cache").files.add(here);
  trace.add("/app/two.txt", trace.reads);
  expect(trace.end()).toMatchObject({ tests: ["/app/test/b.test.ts"], reads: ["/app/two.txt"] });
  expect(trace.end()).toBeNull();
});

test("a name stands for all that it may be mapped to, and for one with Node's prefix", () => {
  const trace = begun("test");
  const file = trace.file;
  if (file === null) throw new Error("no test file has begun");
  file.mapped = [[/^either$/, ["/app/newer", "/app/older"]]];
  for (const name of ["either", "node:os"]) file.ask(name);
  expect(trace.end()?.names).toEqual(["either", "/app/newer", "/app/older", "os"]);
});
