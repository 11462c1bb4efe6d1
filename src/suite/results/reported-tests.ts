import { readFile } from "node:fs/promises";
import type { FailureKind } from "../../model/summary.ts";
import type { EndedProcess } from "../runners/runner.ts";
import type { TestCase } from "./junit.ts";
import type { TestCaseMapper } from "./results.ts";

/** A test result as our injected reporter writes it. */
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

/** Reads the JSON list that our injected reporter wrote; null where it is missing or incomplete. */
export async function readReportedTests(path: string): Promise<TestCase[] | null> {
  try {
    const tests: ReportedTest[] = JSON.parse(await readFile(path, "utf8"));
    return tests.map(({ file, name, id, outcome, seconds, message = "", kind }) => ({
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

/** Maps the tests that our injected reporter wrote. How a timeout is worded depends on the runner. */
export function reporterMapper({ reported }: EndedProcess, isTimeout: (message: string) => boolean): TestCaseMapper {
  return {
    hasAdapter: true,
    idOf: (test) => test.properties.get("id") ?? test.name,
    fileOf: ({ file }) => file,
    nameOf: ({ name }) => name,
    workerOf: ({ file }) => reported.workerOfFile.get(file),
    kindOf: ({ properties, message }) => {
      const reportedKind = properties.get("kind") as FailureKind | undefined;
      return reportedKind ?? (isTimeout(message) ? "timeout" : "failure");
    },
    messageOf: ({ message }) => message,
  };
}
