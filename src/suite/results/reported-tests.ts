import { readFile } from "node:fs/promises";
import type { FailureKind } from "../../model/summary.ts";
import type { EndedProcess } from "../runners/runner.ts";
import type { TestCase } from "./junit.ts";
import type { TestCaseMapper } from "./results.ts";

/** A test as a reporter of ours writes it, where it says more than that it failed. */
interface ReportedTest {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  readonly id?: string;
  readonly outcome: TestCase["outcome"];
  readonly seconds: number;
  readonly message?: string;
  readonly kind?: FailureKind;
}

/** The tests that a reporter of ours has written as a JSON list; null where there is no whole one. */
export async function readReportedTests(path: string): Promise<TestCase[] | null> {
  try {
    const told: ReportedTest[] = JSON.parse(await readFile(path, "utf8"));
    return told.map(({ file, name, id, outcome, seconds, message = "", kind }) => ({
      classname: "",
      name,
      file,
      seconds,
      outcome,
      message,
      details: "",
      properties: new Map(Object.entries({ id: id ?? name, ...(kind === undefined ? {} : { kind }) })),
    }));
  } catch {
    return null;
  }
}

/** How such tests are read; what a message says of a timeout is the runner's own. */
export function reporterMapper({ reported }: EndedProcess, isTimeout: (message: string) => boolean): TestCaseMapper {
  return {
    hasAdapter: true,
    idOf: (test) => test.properties.get("id") ?? test.name,
    fileOf: ({ file }) => file,
    nameOf: ({ name }) => name,
    workerOf: ({ file }) => reported.workerOfFile.get(file),
    kindOf: ({ properties, message }) => {
      const told = properties.get("kind") as FailureKind | undefined;
      return told ?? (isTimeout(message) ? "timeout" : "failure");
    },
    messageOf: ({ message }) => message,
  };
}
