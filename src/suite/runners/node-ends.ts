import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TestCase } from "../results/junit.ts";
import type { EndedProcess, SuiteRun } from "./runner.ts";

/** Where adapters/node/end.mjs records how each file's process ended. */
export const endsFile = (run: SuiteRun): string => join(run.scratch, "ends");

/**
 * Adds a failed test for each file whose process exited before its tests were done: the rest never ran, although node
 * treats exit code 0 as a pass.
 */
export async function withEarlyEnds(
  run: SuiteRun,
  ended: EndedProcess,
  tests: readonly TestCase[],
): Promise<TestCase[]> {
  // A process that was killed did not exit early.
  if (ended.timedOut) return [...tests];
  const reported = new Set(tests.filter(({ outcome }) => outcome === "error").map(({ file }) => file));
  const early = (await earlyEnds(run)).filter((file) => !reported.has(file));
  return [...tests, ...early.map((file) => earlyEnd(run, file, ended))];
}

const endedItself =
  "The file ended its own process (process.exit) before node:test was done.\n" +
  "Nothing after that ran. `node --test --test-force-exit` ends what something else keeps alive.";

/** A line of JSON from adapters/node/end.mjs. */
interface ProcessEvent {
  /** Absolute. */
  readonly file: string;
  readonly event: "begun" | "ended" | "left";
  /** Whether node:test had been loaded. */
  readonly usesTests: boolean;
}

/** Absolute files that began and did not reach their end. */
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

/** A script without node:test, such as a fixture, can only report by its exit code. */
async function namesTests(file: string): Promise<boolean> {
  return (await readFile(file, "utf8").catch(() => "")).includes("node:test");
}

function earlyEnd(run: SuiteRun, file: string, { reported }: EndedProcess): TestCase {
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
