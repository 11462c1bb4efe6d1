import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tracingAll } from "../../../src/suite/reuse/tracing.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { runPytest, sharedPytest } from "../../support/run-pytest.ts";

const traced = sharedPytest(() => [
  {
    "money.py": "import plistlib\n\n\ndef half(cents):\n    return cents // 2\n",
    "pkg/__init__.py": "",
    "pkg/cents.txt": "4",
    "pkg/test_first.py":
      "from money import half\n\n\ndef test_half():\n    assert half(int(open('pkg/cents.txt').read())) == 2\n",
    "pkg/test_second.py": "import os\n\n\ndef test_core():\n    assert os.environ['COVERAGE_CORE'] == 'ctrace'\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
  },
  1,
  { tracing: tracingAll },
]);

/** What the run recorded. */
async function recorded() {
  const { results } = await traced();
  return JSON.parse(await readFile(results.trace ?? "", "utf8"));
}

/** The functions that ran, by context and file. */
async function functionsRun(): Promise<Record<string, Record<string, readonly string[]>>> {
  return (await recorded()).ran;
}

test("where test files are told apart, coverage.py measures so that each tells the lines it runs", async () => {
  const { results } = await traced();
  expect(results.tests).toMatchObject({ total: 2, passed: 2 });
});

test("a test file rests on the functions that it ran", async () => {
  expect((await functionsRun())["T|pkg/test_first.py"]).toMatchObject({ "money.py": ["half"] });
});

test("a test file rests on the data that it read, also where the checkout lies in memory", async () => {
  expect((await recorded()).reads).toEqual({
    "T|pkg/test_first.py": ["pkg/cents.txt"],
    "F|pkg/test_first.py": ["pkg/cents.txt"],
  });
});

test("a module that another test file loaded in the same process is nothing that a test file ran", async () => {
  expect(Object.keys((await functionsRun())["T|pkg/test_second.py"] ?? {})).not.toContain("money.py");
});

test("what a library looks up as it is loaded is told of the file that led to it", async () => {
  expect((await recorded()).names["money.py"]).toEqual(expect.arrayContaining(["plistlib", "binascii", "expat"]));
});

test("as many workers start as files run, and what they trace is recorded", async () => {
  const files = { "test_only.py": "def test_one():\n    pass\n", "money.py": "cents = 1\n" };
  const { facts, results } = await runPytest(files, 2, { tracing: { ...tracingAll, files: 1 } });
  expect(facts.visits.map(({ worker }) => worker)).toEqual(["gw0"]);
  expect(JSON.parse(await readFile(results.trace ?? "", "utf8"))).toMatchObject({ why: null });
});

test("whether a loaded module asks which worker it runs in is recorded", async () => {
  const { results: others } = await traced();
  expect(JSON.parse(await readFile(others.trace ?? "", "utf8"))).toMatchObject({ asksForWorker: false });
  const files = {
    "test_only.py": "import naming\n\n\ndef test_one():\n    assert naming.name is None\n",
    "naming.py": "import os\n\nname = os.environ.get('PYTEST_XDIST_WORKER')\n",
  };
  const { results } = await runPytest(files, 1, { tracing: tracingAll });
  expect(JSON.parse(await readFile(results.trace ?? "", "utf8"))).toMatchObject({ asksForWorker: true });
});

test("a library that was found not to ask which worker it runs in is not looked through again", async () => {
  const packages = join(await makeDirectory(), "site-packages");
  const [asking, quiet] = [join(packages, "asking.py"), join(packages, "quiet.py")];
  await writeFiles(packages, { "asking.py": "variable = 'PYTEST_XDIST_WORKER'\n", "quiet.py": "" });
  const files = {
    "test_only.py": "import asking\nimport quiet\n\n\ndef test_one():\n    pass\n",
    "pytest.ini": `[pytest]\npythonpath = ${packages}\n`,
  };
  /** What is recorded where some libraries were looked through before. */
  const recordAfter = async (silent: readonly string[]) => {
    const reused = join(await makeDirectory(), "reused.json");
    const nothing = { files: [], hasArcs: false, coverage: {}, measured: [], memos: [], expected: {}, compared: {} };
    await writeFile(reused, JSON.stringify({ ...nothing, silent }));
    const { results } = await runPytest(files, 1, { tracing: { ...tracingAll, reused } });
    return JSON.parse(await readFile(results.trace ?? "", "utf8"));
  };
  const first = await recordAfter([]);
  expect(first).toMatchObject({ why: null, asksForWorker: true, silent: expect.arrayContaining([quiet]) });
  expect(first.silent).not.toContain(asking);
  const second = await recordAfter([asking, quiet]);
  expect(second).toMatchObject({ asksForWorker: false, silent: expect.arrayContaining([asking, quiet]) });
});

test("each file is parsed once, however many reports coverage.py makes", async () => {
  const files = {
    "conftest.py": `from collections import Counter

from coverage.python import PythonParser

parse, parsed = PythonParser.parse_source, Counter()


def parse_counted(parser):
    parsed[parser.filename] += 1
    return parse(parser)


PythonParser.parse_source = parse_counted


def pytest_terminal_summary():
    with open("times.txt", "w") as file:
        file.write(" ".join(str(times) for times in set(parsed.values())))
`,
    "test_only.py": "def test_one():\n    pass\n",
  };
  const { directory } = await runPytest(files, 1);
  expect(await readFile(join(directory, "times.txt"), "utf8")).toBe("1");
});
