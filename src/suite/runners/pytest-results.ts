import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import { readJunit, type TestCase } from "../results/junit.ts";
import {
  diedInTest,
  isBad,
  lcovInput,
  reportedFile,
  resultsOf,
  type TestCaseMapper,
  withContradictions,
} from "../results/results.ts";
import { brokenDown, differentTests, refuseMissingParts, refuseOtherEnvironment } from "./pytest-faults.ts";
import { collectedFile, junitFile, lcovFile, traceDirectory } from "./pytest-files.ts";
import type { EndedProcess, SuiteRun, TestResults } from "./runner.ts";

/** pytest's exit codes. */
const internalError = 3;
const noTestsCollected = 5;

/** xdist's message where its workers collected different tests. */
const differentCollections = "Different tests were collected";

/** The results of a pytest that ended. Rejects as `Runner.collect` does. */
export async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  refuseMissingParts(run, ended);
  refuseOtherEnvironment(run, ended);
  const written = await readJunit(junitFile(run)).catch(() => null);
  const cases = written?.cases ?? null;
  const brokeDown = ended.exitCode === internalError || (cases === null && ended.exitCode !== noTestsCollected);
  if (brokeDown && !ended.timedOut && !diedInTest(ended)) throw brokenDown(run, ended);
  const different = (cases ?? []).find((test) => test.details.startsWith(differentCollections));
  if (different !== undefined) throw differentTests(run, different);
  const coverage = await readCoverage(run, ended);
  const found = withContradictions(run, resultsOf(run, ended, oneEntryEach(cases ?? []), mapper, coverage), written);
  const results = run.tracing ? { ...found, trace: join(traceDirectory(run), "record.json") } : found;
  if (run.selection?.kind !== "share") return results;
  const collected = await readCollected(run);
  const root = ended.reported.root ?? run.directory;
  const names = (files: readonly string[]): string[] =>
    files.map((file) => reportedFile(run.checkoutRoot, root, file)).sort();
  const dealt = collected?.files
    ? { all: names(collected.files), own: names(collected.own ?? []), tests: collected.tests }
    : undefined;
  return { ...results, collected: collected?.ids ?? null, ...(dealt === undefined ? {} : { dealt }) };
}

/** Coverage from coverage.py, including unloaded and excluded files; null where it wrote none. */
async function readCoverage(run: SuiteRun, ended: EndedProcess): Promise<readonly LcovInput[] | null> {
  const base = ended.reported.directory ?? run.directory;
  const loaded = await lcovInput(lcovFile(run), base);
  const unloaded = await lcovInput(`${lcovFile(run)}.unloaded`, base);
  return loaded && [...loaded, ...(unloaded ?? [])];
}

/** What a process collected before it chose its share, of its shard where it is one's. */
interface Collected {
  readonly ids: readonly string[];
  /** The files of all shards, and of this one; missing where there are no shards. */
  readonly files?: readonly string[];
  readonly own?: readonly string[];
  /** A digest of the ids of all tests. */
  readonly tests?: string;
}

/** What a process collected; null where it did not get that far. */
async function readCollected(run: SuiteRun): Promise<Collected | null> {
  const text = await readFile(collectedFile(run), "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** pytest lists a test twice that failed and failed again in its teardown, or that passed before its worker died. */
function oneEntryEach(cases: readonly TestCase[]): TestCase[] {
  const byTest = new Map<string, TestCase>();
  for (const test of cases) {
    const id = `${test.file}\n${test.classname}\n${test.name}`;
    const known = byTest.get(id);
    const seconds = test.seconds + (known?.seconds ?? 0);
    byTest.set(id, { ...(known !== undefined && isBad(known) ? known : test), seconds });
  }
  return [...byTest.values()];
}

const crash = /^\s*worker '(gw\d+)' crashed while running '(.*)'/;

const mapper: TestCaseMapper = {
  hasAdapter: true,
  idOf: (test) => test.properties.get("verify_id") ?? crash.exec(test.details)?.[2] ?? test.name,
  // An inherited or imported test is defined in another file than the one that ran.
  fileOf: (test) =>
    ranIn(test)?.file ?? (test.file || (crash.exec(test.details)?.[2]?.split("::")[0] ?? uncollectedFile(test))),
  nameOf: (test) => {
    const ran = ranIn(test);
    if (ran !== null) return [...ran.classes, test.name].join("::");
    const crashed = crash.exec(test.details)?.[2];
    if (crashed) return crashed.split("::").slice(1).join("::") || crashed;
    const inFile = test.file.replace(/\.py$/, "").replaceAll("/", ".");
    const classes = test.classname.startsWith(`${inFile}.`) ? test.classname.slice(inFile.length + 1) : "";
    return [...classes.split(".").filter(Boolean), test.name].join("::");
  },
  workerOf: (test) => test.properties.get("verify_worker") ?? crash.exec(test.details)?.[1],
  kindOf: (test) => {
    if (crash.test(test.details)) return "crash";
    if (/^(?:failed on (?:setup|teardown) with ")?(?:Failed: )?Timeout \(?>[\d.]+s/.test(test.message))
      return "timeout";
    return test.message === "collection failure" ? "collection" : "failure";
  },
  messageOf: (test) => {
    // pytest marks the assertion lines with an E.
    const explained = test.details.split("\n").filter((line) => /^E( |$)/.test(line));
    const text =
      explained.length > 0 ? explained.map((line) => line.slice(4)).join("\n") : test.message || test.details;
    return text.trim();
  },
};

/** The file and classes under which pytest ran a test; null where it never ran. */
function ranIn({ properties }: TestCase): { readonly file: string; readonly classes: readonly string[] } | null {
  const [, file, rest] = /^(.*?)::(.*)$/s.exec(properties.get("verify_id") ?? "") ?? [];
  if (file === undefined || rest === undefined) return null;
  // Parameters follow the first bracket and may contain anything.
  return { file, classes: rest.replace(/\[.*$/s, "").split("::").slice(0, -1) };
}

/** An uncollected file is named by its module, `tests.test_ledger`. */
function uncollectedFile(test: TestCase): string {
  return `${(test.classname || test.name).replaceAll(".", "/")}.py`;
}
