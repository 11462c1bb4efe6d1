import { expect, test } from "vitest";
import { suiteSchema } from "../../../src/config/schema.ts";
import { nothingReported } from "../../../src/coverage/files/measuring.ts";
import type { Failure } from "../../../src/model/summary.ts";
import type { RanTest, TestId } from "../../../src/model/test-id.ts";
import { InterruptedError, UnavailableError } from "../../../src/shared/errors.ts";
import { noThresholds } from "../../../src/suite/hints/own-thresholds.ts";
import type { SuiteParts } from "../../../src/suite/processes.ts";
import type { ReplayOrder } from "../../../src/suite/races/replay-order.ts";
import { findRaces, type RerunRequest, type RerunResult } from "../../../src/suite/races/reruns.ts";
import type { TestResults } from "../../../src/suite/runners/runner.ts";
import type { SuiteRunResult } from "../../../src/suite/suite-run-result.ts";

const file = "tests/test_a.py";

function results(changed: Partial<TestResults> = {}): TestResults {
  const tests = { total: 100, passed: 88, failed: 12, skipped: 0 };
  return {
    tests,
    ran: [],
    files: 1,
    workSeconds: 1,
    failures: [],
    coverage: null,
    measuring: nothingReported,
    foreign: [],
    leftOut: null,
    reasons: [],
    ...changed,
  };
}

function finished(changed: Partial<TestResults>, seconds = 1): SuiteRunResult {
  const reported = {
    visits: [],
    root: null,
    narrowings: [],
    flaky: [],
    thresholds: noThresholds,
    schema: null,
    sqlAlchemyWithoutDriver: null,
  };
  const audit = { connected: null, rejections: [] };
  return { results: results(changed), databases: [], audit, rejections: [], seconds, logs: [], reported, dealt: null };
}

function failure(changed: Partial<Failure> = {}): Failure {
  return { file, id: "a", name: "test_a", message: "no", worker: "gw1", kind: "failure", ...changed };
}

function ran(outcome: RanTest["outcome"], id = "a"): RanTest {
  return { file, id, seconds: 1, outcome, worker: "gw0" };
}

interface Scene {
  readonly failures?: readonly Failure[];
  /** All that ran in parallel. */
  readonly all?: readonly RanTest[];
  readonly counts?: TestResults["tests"];
  readonly workers?: SuiteParts["planned"]["workers"];
  readonly selectsTests?: boolean;
  /** What comes of a test that runs alone. */
  readonly alone: (test: TestId, timeoutSeconds: number | undefined) => Partial<TestResults>;
  readonly signal?: AbortSignal;
  readonly orders?: RerunRequest["replays"];
  readonly seconds?: number;
}

/** Tells the races of a suite whose processes are played; `rerun` are the tests that were run alone. */
async function tell(scene: Scene): Promise<RerunResult & { readonly rerun: TestId[]; readonly phrases: string[] }> {
  const { failures = [failure()], all = [], workers = ["gw0", "gw1"], selectsTests = true, alone } = scene;
  const suite = suiteSchema.parse({ name: "backend", runner: "pytest", command: "pytest" });
  const rerun: TestId[] = [];
  const phrases: string[] = [];
  const parts = {
    planned: { suite, workers, timeoutSeconds: 600 },
    runner: { selectsTests: () => selectsTests },
    context: { checkout: { root: "/repo" } },
    signal: scene.signal ?? new AbortController().signal,
  } as unknown as SuiteParts;
  const retold = await findRaces({
    suiteRun: finished({ failures, ran: all, ...(scene.counts && { tests: scene.counts }) }, scene.seconds),
    rejections: [],
    replays: scene.orders ?? { keep: async ({ worker }) => `.verify/orders/1-${worker}.json` },
    onProgress: (phrase) => void phrases.push(phrase),
    processes: {
      parts,
      runTests: async (tests, { timeoutSeconds } = {}) => {
        rerun.push(...tests);
        return finished(alone(tests[0] ?? { file: "", id: "" }, timeoutSeconds));
      },
    },
  });
  return { ...retold, rerun, phrases };
}

const passes = (): Partial<TestResults> => ({ ran: [ran("passed")] });

test("what passes alone is a race", async () => {
  const { failures, notes } = await tell({ alone: passes });
  expect(failures).toMatchObject([
    { id: "a", kind: "race", race: { repeat: "npx verify repeat .verify/orders/1-gw1.json" } },
  ]);
  expect(notes).toEqual([]);
});

test.each(["failed", "error"] as const)("what ends alone as %s is a failure", async (outcome) => {
  const { failures, notes } = await tell({ alone: () => ({ ran: [ran(outcome)], failures: [failure()] }) });
  expect({ failures, notes }).toEqual({ failures: [failure()], notes: [] });
});

test("a test over its own timeout that passes alone is a race", async () => {
  const { failures } = await tell({ failures: [failure({ kind: "timeout" })], alone: passes });
  expect(failures[0]?.kind).toBe("race");
});

test.each([
  ["a crash", failure({ kind: "crash" })],
  ["a file that could not be loaded", failure({ kind: "collection" })],
  ["a suite's own timeout, which names no test to select", failure({ kind: "timeout", id: undefined })],
])("%s is not run again", async (_what, one) => {
  const { failures, rerun } = await tell({ failures: [one], alone: passes });
  expect({ failures, rerun }).toEqual({ failures: [one], rerun: [] });
});

test.each<[string, Partial<Scene>]>([
  ["a serial run", { workers: ["master"] }],
  ["a runner that cannot select tests", { selectsTests: false }],
])("after %s nothing is run again", async (_what, scene) => {
  const { failures, rerun, notes } = await tell({ ...scene, alone: passes });
  expect({ failures, rerun, notes }).toEqual({ failures: [failure()], rerun: [], notes: [] });
});

test.each<[string, Partial<TestResults>, string]>([
  ["was skipped", { ran: [ran("skipped")] }, "it was skipped."],
  ["was not found", { ran: [] }, "the runner did not find it."],
  ["is another one of another name", { ran: [ran("passed", "b")] }, "the runner did not find it."],
  ["passed, while the runner broke", { ran: [ran("passed")], reasons: ["It broke."] }, "It broke."],
  ["was in a file that could not be loaded", { failures: [failure({ kind: "collection", message: "No." })] }, "No."],
])("a test that %s when it ran alone stays a failure, with a note", async (_what, alone, why) => {
  const { failures, notes } = await tell({ alone: () => alone });
  expect(failures).toEqual([failure()]);
  expect(notes).toEqual([`test_a could not be run alone: ${why}`]);
});

test("a rerun that cannot be done hides no failure, and is told once for all tests", async () => {
  const failures = ["a", "b"].map((id) => failure({ id, name: `test_${id}` }));
  const { notes, ...retold } = await tell({
    failures,
    alone: () => {
      throw new UnavailableError("The server is gone.");
    },
  });
  expect(retold.failures).toEqual(failures);
  expect(notes).toEqual(["test_a, test_b could not be run alone: The server is gone."]);
});

test("an interruption ends it all", async () => {
  const interruption = new AbortController();
  const failures = ["a", "b"].map((id) => failure({ id }));
  const told = tell({
    failures,
    signal: interruption.signal,
    alone: () => {
      interruption.abort();
      throw new InterruptedError();
    },
  });
  await expect(told).rejects.toThrow(InterruptedError);
});

test("an order that cannot be kept leaves the race without a command, with a note", async () => {
  const orders = { keep: () => Promise.reject(new Error("No space is left.")) };
  const { failures, notes } = await tell({ alone: passes, orders });
  expect(failures).toMatchObject([{ kind: "race", race: { repeat: null } }]);
  expect(notes).toEqual(["The order that led to test_a could not be kept: No space is left."]);
});

/** Failures with messages of their own. */
function different(count: number): Failure[] {
  return Array.from({ length: count }, (_, index) =>
    failure({ id: String(index), message: `ValueError: ${"abcdefghijkl"[index]}` }),
  );
}

test("ten at the most are run again, one by one, and the rest is said not to be", async () => {
  const failures = different(12);
  const { rerun, phrases, notes } = await tell({ failures, alone: ({ id }) => ({ ran: [ran("failed", id)] }) });
  expect(rerun.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(phrases.slice(0, 2)).toEqual([
    "running 10 failed tests alone, 0 done",
    "running 10 failed tests alone, 1 done",
  ]);
  expect(notes).toEqual(["Only 10 failures are rerun, within 30.0 s: 2 were not checked for flakiness."]);
});

test("failures that all say the same, but for numbers, have one cause and are not run again", async () => {
  const failures = [1, 2, 3].map((port) =>
    failure({ id: String(port), message: `E\nOperationalError: no server on port ${port}` }),
  );
  expect(await tell({ failures, alone: passes })).toEqual({
    failures,
    rerun: [],
    phrases: [],
    notes: [
      "All 3 failures say the same (OperationalError: no server on port 1), so none of them was run again alone.",
    ],
  });
});

test.each(["assert 1 == 2", "AssertionError: no", "expected 1 to be 2"])(
  "several tests that find %j may still be races",
  async (message) => {
    const failures = ["a", "b", "c"].map((id) => failure({ id, message }));
    expect((await tell({ failures, alone: passes })).rerun).toHaveLength(3);
  },
);

test("where most tests failed, none is run again", async () => {
  const counts = { total: 9, passed: 3, failed: 5, skipped: 1 };
  const retold = await tell({ failures: different(5), counts, alone: passes });
  expect(retold.rerun).toEqual([]);
  expect(retold.notes).toEqual(["5 of 8 tests failed, so none of them was run again alone."]);
  expect((await tell({ failures: different(4), counts, alone: passes })).rerun).toHaveLength(4);
});

test("two failures are run again, whatever they say", async () => {
  expect((await tell({ failures: [failure({ id: "a" }), failure({ id: "b" })], alone: passes })).rerun).toHaveLength(2);
});

test.each([
  ["thirty seconds after a shorter suite", 1, 30],
  ["as long as the suite took", 120, 120],
  ["no longer than the suite's timeout", 6000, 600],
])("a test has alone %s", async (_what, seconds, most) => {
  let given: number | undefined;
  await tell({
    seconds,
    alone: (_test, timeoutSeconds) => {
      given = timeoutSeconds;
      return passes();
    },
  });
  expect(given).toBeGreaterThan(most - 1);
  expect(given).toBeLessThanOrEqual(most);
});

test("a race's order is what its worker had run, in its order, and the test itself", async () => {
  const all: RanTest[] = [
    { file: "tests/test_0.py", id: "before", seconds: 1, outcome: "passed", worker: "gw1" },
    { file: "tests/test_0.py", id: "elsewhere", seconds: 1, outcome: "passed", worker: "gw0" },
    { file, id: "a", seconds: 1, outcome: "failed", worker: "gw1" },
    { file, id: "after", seconds: 1, outcome: "passed", worker: "gw1" },
  ];
  const kept: Omit<ReplayOrder, "schema" | "commit">[] = [];
  const orders = { keep: async (order: (typeof kept)[number]) => String(kept.push(order)) };
  const { failures } = await tell({ all, alone: passes, orders });
  const tests = [
    { file: "tests/test_0.py", id: "before" },
    { file, id: "a" },
  ];
  expect(kept).toEqual([{ suite: "backend", worker: "gw1", tests }]);
  expect(failures[0]?.race).toMatchObject({ filesBefore: ["tests/test_0.py"], testsBefore: 1 });
});

test("a group is a race where all of its tests pass alone, and a failure where one does not", async () => {
  const group = failure({ id: "group > ", name: "group" });
  const tellGroup = (second: RanTest["outcome"]) =>
    tell({ failures: [group], alone: () => ({ ran: [ran("passed", "group > a"), ran(second, "group > b")] }) });
  expect((await tellGroup("passed")).failures).toMatchObject([{ kind: "race" }]);
  expect((await tellGroup("failed")).failures).toMatchObject([{ kind: "failure" }]);
});
