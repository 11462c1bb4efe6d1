import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TestCase } from "../results/junit.ts";
import type { Ended, SuiteRun } from "./runner.ts";

/** Where adapters/node-end.mjs writes how the process of each file ended. */
export const endsFile = (run: SuiteRun): string => join(run.scratch, "ends");

/**
 * The tests of a run of node:test with one more for each file whose process ended itself before its tests were done: what
 * came behind never ran, and node takes exit code 0 for a pass.
 */
export async function withEarlyEnds(run: SuiteRun, ended: Ended, tests: readonly TestCase[]): Promise<TestCase[]> {
  // What was ended from outside did not end itself.
  if (ended.timedOut) return [...tests];
  const told = new Set(tests.filter(({ outcome }) => outcome === "error").map(({ file }) => file));
  const early = (await earlyEnds(run)).filter((file) => !told.has(file));
  return [...tests, ...early.map((file) => earlyEnd(run, file, ended))];
}

const endedItself =
  "The file ended its own process (process.exit) before node:test was done.\n" +
  "Nothing after that ran. `node --test --test-force-exit` ends what something else keeps alive.";

/** What adapters/node-end.mjs writes, a JSON object a line. */
interface ProcessEvent {
  /** Absolute. */
  readonly file: string;
  readonly event: "begun" | "ended" | "left";
  /** Whether node:test was loaded by then. */
  readonly usesTests: boolean;
}

/** The files that began and were not seen to reach their end, absolute. */
async function earlyEnds(run: SuiteRun): Promise<string[]> {
  const text = await readFile(endsFile(run), "utf8").catch(() => "");
  const last = new Map<string, ProcessEvent>();
  for (const line of text.split("\n").filter(Boolean)) {
    const event: ProcessEvent = JSON.parse(line);
    last.set(event.file, event);
  }
  const early = [...last.values()].filter(({ event }) => event !== "ended");
  const isTestFile = await Promise.all(early.map(async (one) => one.usesTests || (await namesTests(one.file))));
  return early.filter((_, index) => isTestFile[index]).map(({ file }) => file);
}

/** A plain script, such as a fixture beside the tests, has no other end than its exit code. */
async function namesTests(file: string): Promise<boolean> {
  return (await readFile(file, "utf8").catch(() => "")).includes("node:test");
}

function earlyEnd(run: SuiteRun, file: string, { reported }: Ended): TestCase {
  const name = relative(run.directory, file);
  const inside = reported.lastTests.find((test) => test.file === file && !file.endsWith(test.name))?.name;
  return {
    classname: "",
    name: inside ?? name,
    file,
    seconds: 0,
    outcome: "error",
    message: endedItself,
    details: "",
    properties: new Map([["kind", "crash"]]),
  };
}
