import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlannedSuite } from "../../../src/suite/plan/plan.ts";
import { runsAlone } from "../../../src/suite/reuse/alone.ts";
import type { PartOfFiles } from "../../../src/suite/reuse/test-files.ts";
import { makeRepository, type Repository } from "../../support/repository.ts";
import { runPytest } from "../../support/run-pytest.ts";

const planned = { suite: { runner: "pytest" }, workers: ["gw0", "gw1"], parallel: "runner" } as unknown as PlannedSuite;
const reached = { kind: "module", file: "src/a.py", way: [], functions: [] } as const;

describe("few test files run in one process, without xdist's workers", () => {
  const ends: (() => Promise<void>)[] = [];
  let repository: Repository;
  beforeAll(async () => {
    const files = { "pyproject.toml": 'dependencies = ["pytest-xdist"]\n', "test_a.py": "" };
    repository = await makeRepository(files, (end) => ends.push(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  /** Whether these files, each with its seconds, run in one process. */
  const alone = (files: Record<string, number>, part: object = {}, asksForWorker: boolean | undefined = false) =>
    runsAlone({
      planned,
      part: {
        reach: { reused: {}, compared: {}, reasons: mapped(files, () => reached), plugin: {}, asksForWorker },
        keys: [],
        records: [],
        hasNewFiles: false,
        ...part,
      } as unknown as PartOfFiles,
      durations: new Map(Object.entries(files)),
      checkout: { root: repository.root, trackedFiles: async () => new Set(["test_a.py"]) },
      environment: process.env,
    });

  test("one file does, and several that take no longer than xdist's start", async () => {
    expect(await alone({ "test_a.py": 60 })).toBe(true);
    expect(await alone({ "test_a.py": 1, "test_b.py": 1 })).toBe(true);
    expect(await alone({ "test_a.py": 60, "test_b.py": 60 })).toBe(false);
  });

  test("none does where a library that was loaded speaks of workers, where nobody looked, and where there may be new test files", async () => {
    expect(await alone({ "test_a.py": 1 }, {}, true)).toBe(false);
    expect(await alone({ "test_a.py": 1 }, { reach: { reasons: { "test_a.py": reached }, compared: {} } })).toBe(false);
    expect(await alone({ "test_a.py": 1 }, { hasNewFiles: true })).toBe(false);
  });

  test.each([
    ["conftest.py", "def pytest_configure(config):\n    config.workerinput\n"],
    ["scripts/seed.sh", "echo $PYTEST_XDIST_WORKER\n"],
    ["test_b.py", "def test_b(worker_id):\n    pass\n"],
  ])("none does where %s speaks of workers", async (file, text) => {
    await repository.write({ [file]: text });
    expect(await alone({ "test_a.py": 1 })).toBe(false);
    await repository.write({ [file]: null });
    expect(await alone({ "test_a.py": 1 })).toBe(true);
  });
});

test("a process in place of a worker has the arguments of one", async () => {
  const files = { "test_only.py": "import sys\n\n\ndef test_arguments():\n    assert sys.argv == ['-c']\n" };
  const ofWorker = await runPytest(files, 2, { tracing: { reused: null, files: 1, isAlone: false } });
  const alone = await runPytest(files, 1, { tracing: { reused: null, files: 1, isAlone: true } });
  for (const { results } of [ofWorker, alone]) expect(results.tests).toMatchObject({ total: 1, passed: 1 });
});

test("what such a process leaves in files that it does not close is written all the same, as a worker's is", async () => {
  const files = {
    "test_only.py": `class Log:
    def __init__(self):
        self.own, self.file = self, open("log.txt", "w")
        self.file.write("kept")


logs = [Log()]


def test_one():
    pass
`,
  };
  const { directory } = await runPytest(files, 1, { tracing: { reused: null, files: 1, isAlone: true } });
  expect(await readFile(join(directory, "log.txt"), "utf8")).toBe("kept");
});

function mapped<Value>(files: Record<string, number>, value: () => Value): Record<string, Value> {
  return Object.fromEntries(Object.keys(files).map((file) => [file, value()]));
}
