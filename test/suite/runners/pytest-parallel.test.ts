import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { suiteSchema } from "../../../src/config/schema.ts";
import type { Files } from "../../support/repository.ts";
import { runPytest, sharedPytest } from "../../support/run-pytest.ts";
import { configFile, endsWith, makeParallelPytestRepository, readSummary, runIn } from "../../support/verify.ts";

/** A test file of some tests that each take so many seconds. */
function waiting(...seconds: readonly number[]): string {
  const tests = seconds.map((one, index) => `def test_${index}():\n    time.sleep(${one})\n`);
  return `import time\n\n\n${tests.join("\n\n")}`;
}

/** The files that a worker ran, in their order. */
function filesOf(run: Awaited<ReturnType<typeof runPytest>>, worker: string): string[] {
  return run.facts.visits.filter((visit) => visit.worker === worker).map(({ file }) => file);
}

const backend = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2 };

/** Four files of two tests, of which it is known how long they took before. */
const known = sharedPytest(() => {
  const files = Object.fromEntries(["a", "b", "c", "d"].map((name) => [`test_${name}.py`, waiting(0.1, 0.1)]));
  const durations = new Map([
    ["test_a.py", 1],
    ["test_b.py", 2],
    ["test_c.py", 9],
    ["test_d.py", 3],
  ]);
  return [files, 2, { durations }];
});

test("the file that took longest before is begun first", async () => {
  const run = await known();
  expect(["gw0", "gw1"].map((worker) => filesOf(run, worker)[0]).sort()).toEqual(["test_c.py", "test_d.py"]);
  expect(run.results.tests.passed).toBe(8);
});

test("without a record the largest file is begun first", async () => {
  const files = {
    "test_a.py": waiting(0),
    "test_b.py": `${waiting(0)}${"# long\n".repeat(100)}`,
    "test_c.py": waiting(0),
    "test_d.py": `${waiting(0)}${"# longer\n".repeat(100)}`,
  };
  const run = await runPytest(files, 2);
  // Each worker's first: one may be through with its own before the other has begun.
  const first = ["gw0", "gw1"].map((worker) => filesOf(run, worker)[0]);
  expect(first.sort()).toEqual(["test_b.py", "test_d.py"]);
});

test("a file that nothing is known of is taken for what its size says, among known ones", async () => {
  const files = {
    "test_a.py": waiting(0),
    "test_b.py": waiting(0),
    "test_c.py": `${waiting(0)}${"# much longer\n".repeat(100)}`,
  };
  const durations = new Map([
    ["test_a.py", 1],
    ["test_b.py", 1],
  ]);
  const run = await runPytest(files, 2, { durations });
  // Each worker's first: one may be through with two files before the other has begun.
  expect(["gw0", "gw1"].map((worker) => filesOf(run, worker)[0])).toContain("test_c.py");
});

const scopes = `import os, pytest

def note(words):
    with open(os.path.join(os.path.dirname(__file__), "notes-" + os.environ["VERIFY_WORKER"]), "a") as notes:
        notes.write(words + "\\n")

@pytest.fixture(scope="session", autouse=True)
def session():
    note("session up")
    yield
    note("session down")

@pytest.fixture(scope="module", autouse=True)
def module(request):
    note(request.module.__name__ + " up")
    yield
    note(request.module.__name__ + " down")

@pytest.fixture(scope="class", autouse=True)
def group(request):
    name = request.cls.__name__ if request.cls else None
    if name: note(name + " up")
    yield
    if name: note(name + " down")

@pytest.fixture(autouse=True)
def each(request):
    note(request.node.name + " up")
    yield
    note(request.node.name + " down")
`;

/** The last test of a file, which goes on when the last file of the other worker has got there. */
const waitsForOthers = `import os, time


def test_first():
    pass


def test_last():
    for _ in range(3000):
        if os.path.exists("done"):
            break
        time.sleep(0.01)
`;

/** A file whose last test takes one worker's whole time, so that the order of the others, on the other worker, is known. */
const blocked = sharedPytest(() => {
  const one = "def test_alone():\n    pass\n";
  const many = "class TestGroup:\n    def test_in(self):\n        pass\n\n    def test_last(self):\n        pass\n";
  const last = one.replace("pass", 'open("done", "w").close()');
  const files = { "conftest.py": scopes, "test_one.py": last, "test_many.py": many, "test_two.py": one };
  const durations = new Map([
    ["test_one.py", 1],
    ["test_many.py", 9],
    ["test_two.py", 2],
    ["test_block.py", 99],
  ]);
  return [{ ...files, "test_block.py": waitsForOthers }, 2, { durations }];
});

test("no file waits behind the last test of another one", async () => {
  const run = await blocked();
  const worker = run.facts.visits.find(({ file }) => file === "test_block.py")?.worker ?? "";
  expect(filesOf(run, worker)).toEqual(["test_block.py"]);
  expect(run.results.tests).toMatchObject({ total: 6, passed: 6 });
});

test("fixtures of every scope are set up and taken down once, in pytest's own order", async () => {
  const { directory, facts } = await blocked();
  const worker = facts.visits.find(({ file }) => file === "test_many.py")?.worker;
  const notes = (await readFile(join(directory, `notes-${worker}`), "utf8")).trim().split("\n");
  expect(notes).toEqual([
    "session up",
    ...[
      "test_many up",
      "TestGroup up",
      "test_in up",
      "test_in down",
      "test_last up",
      "test_last down",
      "TestGroup down",
      "test_many down",
    ],
    ...["test_two up", "test_alone up", "test_alone down", "test_two down"],
    ...["test_one up", "test_alone up", "test_alone down", "test_one down"],
    "session down",
  ]);
});

/** What is wrong in tests that are inherited, and in how a module is taken down. */
const inherited: Files = {
  "base.py": "import unittest\n\n\nclass Base:\n    def test_it(self):\n        self.assertEqual(self.value, 1)\n",
  "test_one.py": "import unittest\nfrom base import Base\n\n\nclass TestOne(Base, unittest.TestCase):\n    value = 1\n",
  "test_two.py": "import unittest\nfrom base import Base\n\n\nclass TestTwo(Base, unittest.TestCase):\n    value = 2\n",
};
const broken: Files = {
  "test_a.py":
    "import pytest\n\n@pytest.fixture(scope='module', autouse=True)\ndef module():\n    yield\n    raise RuntimeError('left open')\n\ndef test_first():\n    pass\n\ndef test_last():\n    pass\n",
  "test_b.py": waiting(0),
  "test_c.py": waiting(0),
};
const failing = sharedPytest(() => [{ ...inherited, ...broken }, 2]);
const serial = sharedPytest(() => [inherited, 1]);

test("an error when a module is taken down fails the module's last test", async () => {
  const { results } = await failing();
  const own = results.failures.filter(({ file }) => file in broken);
  expect(own).toMatchObject([{ file: "test_a.py", name: "test_last" }]);
  expect(own[0]?.message).toContain("left open");
  expect(results.tests).toEqual({ total: 6, passed: 4, failed: 2, skipped: 0 });
});

test.each([
  [1, serial],
  [2, failing],
])("a test that is inherited or imported is of the file that was run, with %i workers", async (_workers, run) => {
  const { results } = await run();
  expect(results.failures.filter(({ file }) => !(file in broken))).toMatchObject([
    { file: "test_two.py", name: "TestTwo::test_it", id: "test_two.py::TestTwo::test_it" },
  ]);
  expect(
    results.ran
      .map(({ file }) => file)
      .filter((file) => !(file in broken))
      .sort(),
  ).toEqual(["test_one.py", "test_two.py"]);
});

const dying = (scope: string): string =>
  `import os, pytest\n\n@pytest.fixture(scope='${scope}', autouse=True)\ndef fixture():\n    yield\n    os._exit(1)\n\ndef test_first():\n    pass\n\ndef test_last():\n    pass\n`;

test.each(["module", "session"])(
  "a worker that dies when a %s is taken down crashes in the last test",
  async (scope) => {
    // A session is taken down after the worker's last file, a module where it already knows its next one.
    const next: Files = scope === "module" ? { "test_c.py": waiting(0) } : {};
    const files = { "test_a.py": dying(scope), "test_b.py": waiting(1), ...next };
    const { results } = await runPytest(files, 2, { durations: new Map([["test_a.py", 9]]) });
    const crashes = results.failures.filter(({ file }) => file === "test_a.py");
    expect(crashes).toMatchObject([{ id: "test_a.py::test_last", name: "test_last", kind: "crash" }]);
    expect(results.ran.filter(({ file }) => file === "test_a.py").map(({ id }) => id)).toHaveLength(2);
    expect(results.reasons).toEqual([]);
  },
);

test("a worker that dies after its last test makes the run not count, however tests are distributed", async () => {
  const suite = suiteSchema.parse({ name: "backend", runner: "pytest", command: "pytest --dist load" });
  const files = {
    "conftest.py":
      "import os\n\ndef pytest_sessionfinish():\n    if 'PYTEST_XDIST_WORKER' in os.environ:\n        os._exit(1)\n",
    "test_a.py": waiting(0, 0),
  };
  const { results } = await runPytest(files, 2, { suite });
  expect(results.tests).toMatchObject({ total: 2, passed: 2 });
  expect(results.reasons.join()).toMatch(/an error outside of any test .*: worker gw\d died before it finished/);
});

test("a test that a project's own scheduler hands out twice is run twice", async () => {
  const twice = `from xdist.scheduler import LoadFileScheduling

def pytest_xdist_make_scheduler(config, log):
    class Twice(LoadFileScheduling):
        def _assign_work_unit(self, node):
            super()._assign_work_unit(node)
            node.send_runtest_some([0])
    return Twice(config, log)
`;
  const counting = "def test_a():\n    open('runs', 'a').write('x')\n";
  const { directory } = await runPytest({ "conftest.py": twice, "test_a.py": counting }, 2);
  expect(await readFile(join(directory, "runs"), "utf8")).toBe("xx");
});

test.each([
  ["on the command line", "pytest --dist worksteal", {}],
  ["in its configuration", "pytest", { "pytest.ini": "[pytest]\naddopts = --dist worksteal\n" }],
])("a distribution that the user chose %s is kept", async (_where, command, more) => {
  const conftest =
    "import os\n\ndef pytest_sessionfinish(session):\n    if 'PYTEST_XDIST_WORKER' not in os.environ:\n        open('dist', 'w').write(session.config.option.dist + ' ' + type(session.config.pluginmanager.get_plugin('dsession').sched).__name__)\n";
  const suite = suiteSchema.parse({ name: "backend", runner: "pytest", command });
  const { directory } = await runPytest({ "conftest.py": conftest, "test_a.py": waiting(0), ...more }, 2, { suite });
  expect(await readFile(join(directory, "dist"), "utf8")).toBe("worksteal WorkStealingScheduling");
});

test.each([
  ["-n 3", "pytest -n 3", {}, 3],
  // One, which is the cheapest of all numbers that no machine with two cores chooses by itself.
  ["-n 1 in addopts", "pytest", { "pytest.ini": "[pytest]\naddopts = -q -n 1\n" }, 1],
  [
    "-n 1 in a list of pyproject.toml",
    "pytest",
    { "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["-n", "1"]\n' },
    1,
  ],
  ["-p no:xdist", "pytest -p no:xdist", {}, 1],
  ["-n 3 --maxprocesses 2", "pytest -n 3 --maxprocesses 2", {}, 2],
  ["-n auto --maxprocesses=1", "pytest -n auto --maxprocesses=1", {}, 1],
])("the user's own number of workers is kept: %s", async (_how, command, files, workers) => {
  const config = configFile({
    suites: [{ name: "backend", runner: "pytest", command, source: ["src"] }],
    database: false,
  });
  const { root } = await makeParallelPytestRepository({ "verify.config.json": config, ...files });
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.workers).toBe(workers);
});

const parametrized = (value: string): string =>
  `import os, random, pytest\nfrom sums import add\n\n@pytest.mark.parametrize("value", [${value}, "other"])\ndef test_it(value):\n    assert add(1, 1) == 2\n\ndef test_more():\n    pass\n`;

test.each([
  ["a URL", 'os.environ["DATABASE_URL"]'],
  ["a worker's name", '"schema_" + os.environ["VERIFY_WORKER"]'],
])("%s in parametrized ids makes the workers processes of their own, and all tests run once", async (_what, value) => {
  const { root } = await makeParallelPytestRepository(
    { "tests/test_more.py": parametrized(value) },
    { database: { name: "ids_test" } },
  );
  const { code, output } = await runIn(root, []);
  expect(output).toContain("ran as several processes, each over a share of the files");
  expect(code).toBe(0);
  const [suite] = (await readSummary(root)).suites;
  expect(suite).toMatchObject({ parallel: "processes", workers: 2, files: 2, tests: { total: 4, passed: 4 } });
});

test("parameters that are called as workers are stand for themselves, in whichever process", async () => {
  const suite = { ...backend, parallel: "processes" };
  const { root } = await makeParallelPytestRepository(
    { "tests/test_more.py": parametrized('"gw0", "gw1", "master"') },
    { suites: [suite] },
  );
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ total: 6, passed: 6 });
});

test("-n 0 is one process of pytest, of which the configuration may make several", async () => {
  const suite = { ...backend, command: "pytest -n 0" };
  const { root, write } = await repositoryOf(suite);
  await runIn(root, []);
  expect((await readSummary(root)).suites[0]).toMatchObject({ workers: 1, parallel: "runner" });
  await write({ ...suite, parallel: "processes" });
  await endsWith(0, runIn(root, ["--working-tree"]));
  expect((await readSummary(root)).suites[0]).toMatchObject({ workers: 2, parallel: "processes" });
});

async function repositoryOf(suite: object): Promise<{ root: string; write: (suite: object) => Promise<void> }> {
  const config = (one: object): string => configFile({ suites: [one], database: false });
  const { root } = await makeParallelPytestRepository({ "verify.config.json": config(suite) });
  return { root, write: (one) => writeFile(join(root, "verify.config.json"), config(one)) };
}

test("ids that hold a random value are refused, and what differs is told", async () => {
  const { root } = await makeParallelPytestRepository({ "tests/test_more.py": parametrized("str(random.random())") });
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(3);
  expect(errors).toContain("the processes collected different tests, so nothing is judged");
  expect(errors).toContain("-tests/test_more.py::test_it[0.");
});

test("where the configuration forbids processes, workers that find different tests are told what differs", async () => {
  const suite = { ...backend, parallel: "runner" };
  const { root } = await makeParallelPytestRepository(
    { "tests/test_more.py": parametrized('os.environ["VERIFY_WORKER"]') },
    { suites: [suite] },
  );
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(3);
  expect(errors).toContain("the workers collected different tests, so none ran");
});

test("some tests alone are run in the order that is asked for, without loading the other files", async () => {
  const tests = [
    { file: "test_a.py", id: "test_a.py::test_1" },
    { file: "test_a.py", id: "test_a.py::test_0" },
  ];
  const files = { "test_a.py": waiting(0, 0, 0), "test_b.py": "raise RuntimeError('not to be loaded')\n" };
  const { results } = await runPytest(files, 1, { selection: { kind: "tests", tests } });
  expect(results.ran.map(({ id, outcome }) => [id, outcome])).toEqual([
    ["test_a.py::test_1", "passed"],
    ["test_a.py::test_0", "passed"],
  ]);
  expect(results.reasons).toEqual([]);
});

test("of tests that are called as workers are, the one that is asked for runs", async () => {
  const text =
    "import pytest\n\n@pytest.mark.parametrize('value', ['gw0', 'gw1', 'gw2'])\ndef test_it(value):\n    assert not value\n";
  const tests = [{ file: "test_a.py", id: "test_a.py::test_it[{VERIFY_WORKER}]#2" }];
  const { results } = await runPytest({ "test_a.py": text }, 1, { selection: { kind: "tests", tests } });
  expect(results.failures).toMatchObject([{ id: tests[0]?.id, name: "test_it[gw1]" }]);
});

test("a file that cannot be loaded fails once, though every process meets it", async () => {
  const suite = { ...backend, parallel: "processes" };
  const { root } = await makeParallelPytestRepository(
    { "tests/test_more.py": "import nowhere\n" },
    { suites: [suite] },
  );
  await endsWith(1, runIn(root, []));
  const [summary] = (await readSummary(root)).suites;
  expect(summary?.failures).toMatchObject([{ file: "tests/test_more.py", kind: "collection" }]);
});

test("a scheduler that loses a test makes the run not count", async () => {
  const losing = `import pytest
from xdist.scheduler import LoadFileScheduling

def pytest_xdist_make_scheduler(config, log):
    class Losing(LoadFileScheduling):
        def schedule(self):
            if self.collection is None:
                super().schedule()
        def _assign_work_unit(self, node):
            if "test_b.py" in self.workqueue:
                del self.workqueue["test_b.py"]
            if self.workqueue:
                super()._assign_work_unit(node)
    return Losing(config, log)
`;
  const files = { "conftest.py": losing, "test_a.py": waiting(0, 0), "test_b.py": waiting(0), "test_c.py": waiting(0) };
  const { results } = await runPytest(files, 2);
  expect(results.leftOut).toBe("backend collected 4 tests and ran only 3 of them: see its log.");
});

test("when all is over no test is told to be running still", async () => {
  const { facts, results } = await known();
  expect(results.tests.passed).toBe(8);
  // Where none is running it is the one that began last.
  expect(facts.lastTests).toHaveLength(1);
});

const otherData = `import os


def pytest_xdist_setupnodes():
    os.environ["OTHER_DATA"] = os.environ["COVERAGE_FILE"] + ".of-a-faster-worker"
    open(os.environ["OTHER_DATA"], "w").close()
`;

test("a worker that starts leaves what faster ones measured", async () => {
  const body = "    path = os.environ['OTHER_DATA']\n    assert os.path.exists(path)\n    os.remove(path)\n";
  const run = await runPytest(
    { "conftest.py": otherData, "test_a.py": `import os\n\n\ndef test_data_of_others():\n${body}` },
    2,
  );
  expect(run.results.tests).toMatchObject({ total: 1, passed: 1 });
});
