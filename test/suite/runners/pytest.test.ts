import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDirectory, makeRepository } from "../../support/repository.ts";
import { runOutOfTime } from "../../support/run-out-of-time.ts";
import { runPytest } from "../../support/run-pytest.ts";
import { sharedByTests, sharedRun } from "../../support/shared-run.ts";
import { halfCoveredTinyFiles, tinyFiles } from "../../support/tiny-suite.ts";
import {
  configFile,
  endsWith,
  makeParallelPytestRepository,
  makePytestRepository,
  readSummary,
  runIn,
  userEnvironment,
} from "../../support/verify.ts";

test("a suite that passes is verified, with its counts, files and workers", async () => {
  const repository = await makeParallelPytestRepository();
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(0);
  const { suites, verdict } = await readSummary(repository.root);
  expect(verdict).toBe("verified");
  expect(suites[0]).toMatchObject({ files: 1, workers: 2, tests: { total: 1, passed: 1, failed: 0, skipped: 0 } });
});

test("a failing test is named with its file, class, assertion and worker", async () => {
  const repository = await makeParallelPytestRepository({
    "tests/test_more.py": "class TestMore:\n    def test_wrong(self):\n        assert {'a': 1} == {'a': 2}\n",
    // Most fail, so that none of them is run again alone.
    "tests/test_others.py": "def test_one():\n    raise ValueError\n\n\ndef test_two():\n    raise ValueError\n",
  });
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  const { failures = [] } = (await readSummary(repository.root)).suites[0] ?? {};
  const [failure] = failures.filter(({ file }) => file !== "tests/test_others.py");
  expect(failure).toMatchObject({ file: "tests/test_more.py", name: "TestMore::test_wrong", kind: "failure" });
  expect(failure?.message).toContain("assert {'a': 1} == {'a': 2}");
  expect(failure?.worker).toMatch(/^gw[01]$/);
  expect(output).toContain("3 of 4 tests failed in backend.");
});

/** Tests that fail in their teardown, or by what pytest-timeout says. */
const failing = sharedRun(
  (atEnd) =>
    makePytestRepository(
      {
        "tests/test_more.py":
          "import pytest\n\n\n@pytest.fixture\ndef broken():\n    yield\n    raise RuntimeError('left open')\n\n\ndef test_it(broken):\n    pass\n",
        "tests/test_timeout.py":
          "import pytest\n\ndef test_slow():\n    pytest.fail('Timeout (>1.0s) from pytest-timeout.')\n",
        "tests/test_timeout_after.py":
          "import pytest\n\n@pytest.fixture\ndef slow():\n    yield\n    pytest.fail('Timeout (>1.0s) from pytest-timeout.')\n\ndef test_slow(slow):\n    pass\n",
      },
      {},
      atEnd,
    ),
  ["--serial"],
);
const failuresIn = async (file: string) =>
  ((await failing()).summary.suites[0]?.failures ?? []).filter((failure) => failure.file === file);

test("an error in a test's teardown fails that test once", async () => {
  const { tests } = (await failing()).summary.suites[0] ?? {};
  expect(tests).toEqual({ total: 4, passed: 1, failed: 3, skipped: 0 });
  expect((await failuresIn("tests/test_more.py")).map(({ name }) => name)).toEqual(["test_it"]);
});

test.each([
  ["in a test", "tests/test_timeout.py"],
  ["in its teardown", "tests/test_timeout_after.py"],
])("what pytest-timeout says %s is a timeout", async (_where, file) => {
  expect(await failuresIn(file)).toMatchObject([{ name: "test_slow", kind: "timeout" }]);
});

test("a test file that cannot be imported is a collection failure, not fewer tests", async () => {
  const repository = await makePytestRepository({ "tests/test_more.py": "import nowhere\n" });
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(1);
  const [failure] = (await readSummary(repository.root)).suites[0]?.failures ?? [];
  expect(failure).toMatchObject({ file: "tests/test_more.py", kind: "collection" });
  expect(failure?.message).toContain("No module named 'nowhere'");
});

test("a worker that dies is a crash, names the test it was in, and voids the coverage", async () => {
  const repository = await makeParallelPytestRepository({
    "tests/test_more.py": "import os\n\n\ndef test_dies():\n    os.kill(os.getpid(), 9)\n",
  });
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(1);
  const { suites, reasons } = await readSummary(repository.root);
  expect(suites[0]?.failures[0]).toMatchObject({ file: "tests/test_more.py", name: "test_dies", kind: "crash" });
  expect(suites[0]?.failures[0]?.worker).toMatch(/^gw\d$/);
  expect(reasons.join(" ")).toContain("coverage figure is void");
});

test("a suite without tests is not verified, and told so", async () => {
  const repository = await makePytestRepository({ "tests/test_sums.py": "" });
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  expect(output).toContain("backend collected no tests: `pytest` found nothing to run.");
});

test("a suite whose tests are all skipped is not verified, and told so", async () => {
  const repository = await makePytestRepository({
    "tests/test_sums.py": "import pytest\n\n\n@pytest.mark.skip\ndef test_adds():\n    pass\n",
  });
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  expect(output).toContain("backend ran no test: all 1 test were skipped.");
});

test("a suite that switches coverage off is not verified, and told so", async () => {
  const repository = await makePytestRepository({
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest --no-cov", source: ["src"], workers: 1 }],
      database: false,
    }),
  });
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  expect(output).toContain("There is no coverage data from backend");
});

test("a package manager that is not there is named, and not pytest", async () => {
  const suites = [{ name: "backend", runner: "pytest", command: "rye run pytest", workers: 2 }];
  const { root } = await makePytestRepository({}, { suites });
  const { code, errors } = await runIn(root, []);
  expect(errors).toContain(
    "backend: rye is not installed, which `rye run pytest` needs. Install it with: pipx install",
  );
  expect(errors).not.toContain("pytest-cov");
  expect(code).toBe(3);
});

test.each(["runner", "processes"])(
  "what --cov in addopts names is counted, and nothing else; its threshold is for the whole, with workers by %s",
  async (parallel) => {
    const repository = await makePytestRepository({
      "src/unused.py": "def unused():\n    return 1\n",
      "src/sums.py": "def add(left, right):\n    return left + right\n\n\ndef negative(n):\n    return -n\n",
      "tests/test_negative.py": "from sums import negative\n\n\ndef test_negative():\n    assert negative(1) == -1\n",
      "pyproject.toml":
        '[tool.pytest.ini_options]\naddopts = ["--cov=sums", "--cov-fail-under=100"]\npythonpath = ["src"]\n',
      "verify.config.json": configFile({
        suites: [{ name: "backend", runner: "pytest", command: "pytest", workers: 2, parallel }],
        database: false,
      }),
    });
    const { output } = await runIn(repository.root, []);
    expect(output).toContain("✔ Verified");
    expect((await readSummary(repository.root)).coverage?.files.map(({ file }) => file)).toEqual(["src/sums.py"]);
  },
);

test("a suite that exits with a failure although no test failed is not verified", async () => {
  const repository = await makePytestRepository({
    "src/more.py": "def more():\n    return 1\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--cov-fail-under=99"\n',
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 }],
      database: false,
      coverage: { lines: 50 },
    }),
  });
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  expect(output).toContain("exited with 1 although no test failed");
});

/** Two suites over their timeouts, serial and on two workers, side by side: both wait most of the time. */
const overTime = sharedByTests(async (atEnd) => {
  const directory = await makeDirectory(atEnd);
  const [a, b, more] = ["a", "b", "more"].map((name) => join(directory, `test_${name}.py`)) as [string, string, string];
  const header = "import shutil, time\n\n\n";
  const sleeping = `def test_sleeps():\n    shutil.copy(__file__, "${directory}")\n    time.sleep(600)\n`;
  const sleeps = `${header}def test_quick():\n    pass\n\n\n${sleeping}`;
  const only = { "tests/test_more.py": `${header}${sleeping}` };
  const [serial, parallel] = await Promise.all([
    makePytestRepository(only, {}, atEnd),
    makeParallelPytestRepository({ "tests/test_a.py": sleeps, "tests/test_b.py": sleeps }, {}, atEnd),
  ]);
  const outcomes = await runOutOfTime({ 598: [more], 599: [a, b] }, () =>
    Promise.all([runIn(serial.root, ["--timeout", "598s", "--serial"]), runIn(parallel.root, ["--timeout", "599s"])]),
  );
  return { serial: outcomes[0], parallel: { ...outcomes[1], summary: await readSummary(parallel.root) } };
});

test("a suite over its timeout is ended, and the file it was in is named", async () => {
  const { code, output } = (await overTime()).serial;
  expect(code).toBe(1);
  expect(output).toContain("backend was ended after its timeout. Last seen: master in tests/test_more.py.");
});

test("a suite over its timeout names the test that each worker was in", async () => {
  const { code, summary } = (await overTime()).parallel;
  expect(code).toBe(1);
  const failures = summary.suites[0]?.failures ?? [];
  const told = failures.map(({ file, name, kind }) => `${kind} ${file} ${name}`);
  expect(told.sort()).toEqual(["timeout tests/test_a.py test_sleeps", "timeout tests/test_b.py test_sleeps"]);
  expect(new Set(failures.map(({ worker }) => worker))).toEqual(new Set(["gw0", "gw1"]));
});

test("the user's own markers, -n and report flags are kept", async () => {
  const repository = await makePytestRepository({
    "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["slow"]\n',
    "tests/test_more.py": "import pytest\n\n\n@pytest.mark.slow\ndef test_slow():\n    assert False\n",
    "verify.config.json": configFile({
      suites: [
        {
          name: "backend",
          runner: "pytest",
          command: 'pytest -m "not slow" -n 1 --cov=src --cov-report=lcov:own.lcov --junitxml=own.xml',
        },
      ],
      database: false,
    }),
  });
  const { code } = await runIn(repository.root, []);
  const [suite] = (await readSummary(repository.root)).suites;
  expect(suite).toMatchObject({ workers: 1, tests: { total: 1, passed: 1 } });
  expect(code).toBe(0);
  expect(await repository.git("status", "--porcelain")).toBe("");
});

const inPart = sharedRun(
  (atEnd) => makePytestRepository({ "tests/test_more.py": "def test_other():\n    assert False\n" }, {}, atEnd),
  ["--", "-k", "adds"],
);

test("arguments after -- reach the suite, and the pass gives no receipt", async () => {
  const { code, output, summary } = await inPart();
  expect(code).toBe(0);
  expect(summary.receipt).toBeNull();
  expect(output).toContain("No receipt is kept: arguments were added (-k adds).");
});

test("a pass of a part is called a part, in the pull request too", async () => {
  const { output, repository } = await inPart();
  expect(output).toContain("✔ Verified in part: main at");
  const body = await runIn(repository.root, ["pr"]);
  expect(body.output).toContain("⚠️ **Verified in part.**");
  expect(body.output).toContain("arguments were added (-k adds)");
});

/** A suite one of whose tests starts pytest. */
const nested = sharedByTests(async (atEnd) => {
  const repository = await makePytestRepository(
    {
      "tests/test_more.py": [
        "import os, subprocess, sys",
        "def test_nested(tmp_path):",
        "    (tmp_path / 'test_inner.py').write_text('def test_inner(): pass')",
        "    done = subprocess.run([sys.executable, '-m', 'pytest', '-v', str(tmp_path)], capture_output=True, text=True, cwd=tmp_path)",
        "    assert '1 passed' in done.stdout, done.stdout + done.stderr",
        "    assert 'workers' not in done.stdout, done.stdout",
        "    assert 'PYTEST_ADDOPTS' not in os.environ",
      ].join("\n"),
    },
    {},
    atEnd,
  );
  const environment = await userEnvironment({ PYTHONDONTWRITEBYTECODE: "1" });
  return { ...(await runIn(repository.root, [], { environment })), repository };
});

test("nothing of the run is left in the checkout", async () => {
  const { repository } = await nested();
  expect(await repository.git("status", "--porcelain", "--ignored")).toBe("!! .verify/");
});

test("a pytest that a test starts is the user's own, not a part of the run", async () => {
  const { code, output } = await nested();
  expect(output).toContain("2 passed");
  expect(code).toBe(0);
});

test("a missing pytest is named with the command that installs it", async () => {
  const repository = await makePytestRepository();
  const environment = { ...(await userEnvironment()), PATH: "/usr/bin:/bin" };
  const { code, errors } = await runIn(repository.root, [], { environment: await withoutPytest(environment) });
  expect(code).toBe(3);
  expect(errors).toContain("pytest, pytest-xdist, pytest-cov are not installed where `pytest` runs");
  expect(errors).toContain("Install with: pip install pytest pytest-xdist pytest-cov");
});

test("without xdist the workers are processes, and the run says so", async () => {
  const hidden = [
    "import importlib.util",
    "find = importlib.util.find_spec",
    "importlib.util.find_spec = lambda name, *more: None if name == 'xdist' else find(name, *more)",
  ].join("\n");
  const command = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONPATH=hidden:$PYTHONPATH pytest";
  const repository = await makePytestRepository({ "hidden/sitecustomize.py": hidden, ...withCommand(command) });
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain(
    "ran as several processes, each over a share of the files, because pytest-xdist is not installed",
  );
  expect(code).toBe(0);
});

test("a missing plugin of the project's own is told in pytest's words, and not as a missing pytest", async () => {
  const repository = await makePytestRepository({ "pytest.ini": "[pytest]\naddopts = -p pytest_nowhere\n" });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("No module named 'pytest_nowhere'");
  expect(errors).not.toContain("is not installed");
  expect(errors).not.toContain("are not installed");
});

/** A suite without a source, one of whose tests writes a module elsewhere and imports it, in a worktree. */
const sourceless = sharedRun(
  async (atEnd) => {
    const more = [
      "import importlib.util",
      "def test_generated(tmp_path):",
      "    (tmp_path / 'made.py').write_text('VALUE = 1\\n')",
      "    spec = importlib.util.spec_from_file_location('made', tmp_path / 'made.py')",
      "    module = importlib.util.module_from_spec(spec)",
      "    spec.loader.exec_module(module)",
      "    assert module.VALUE == 1",
    ].join("\n");
    const files = { ...withCommand("pytest"), "tests/test_more.py": more };
    const repository = await makePytestRepository(files, {}, atEnd);
    await repository.write({ "uncommitted.txt": "" });
    return repository;
  },
  ["--serial"],
);

test("without a source, what pushproof injects is not counted as the project's code", async () => {
  const { code, summary } = await sourceless();
  expect(code).toBe(0);
  const files = summary.coverage?.files.map(({ file }) => file);
  expect(files).toEqual(["src/sums.py", "tests/conftest.py", "tests/test_more.py", "tests/test_sums.py"]);
});

test("modules that a test writes and imports elsewhere neither help nor harm, in a worktree too", async () => {
  const { code, errors } = await sourceless();
  expect(errors).toBe("");
  expect(code).toBe(0);
});

test("a command that runs pytest twice is not verified by the second", async () => {
  const repository = await makePytestRepository({
    ...withCommand("pytest tests/test_more.py; pytest tests/test_sums.py"),
    "tests/test_more.py": "def test_wrong():\n    assert False\n",
  });
  const { code, output } = await runIn(repository.root, ["--serial"]);
  expect(code).toBe(1);
  expect(output).toContain("backend starts its runner 2 times");
});

test("an end that a pipe hides is told by the runner itself", async () => {
  const repository = await makePytestRepository({
    ...withCommand("pytest --cov=src --cov-fail-under=99 | cat"),
    "src/more.py": "def more():\n    return 1\n",
  });
  const { code, output } = await runIn(repository.root, ["--serial", "--coverage", "10"]);
  expect(code).toBe(1);
  expect(output).toContain("exited with 1 although no test failed");
});

test("a source that is not there is refused before anything runs", async () => {
  const repository = await makePytestRepository({
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src", "libs"] }],
      database: false,
    }),
  });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(2);
  expect(errors).toContain(
    'The source "libs" of suite "backend" is neither a directory nor a package in the repo\'s root.',
  );
});

test("coverage of a command that changes its directory is named from there", async () => {
  const repository = await makePytestRepository({
    ...withCommand("cd back && pytest --cov=src"),
    "back/src/sums.py": "def add(left, right):\n    return left + right\n",
    "back/tests/test_back.py":
      "import sys\nsys.path.insert(0, 'src')\nfrom sums import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n",
  });
  const { code } = await runIn(repository.root, ["--serial"]);
  expect(code).toBe(0);
  expect((await readSummary(repository.root)).coverage?.files.map(({ file }) => file)).toEqual(["back/src/sums.py"]);
});

test("a stricter wish that fails does not take away what is proven", async () => {
  const repository = await makeRepository(halfCoveredTinyFiles({ coverage: { lines: 50 } }));
  await runIn(repository.root, ["--serial"]);
  const strict = await runIn(repository.root, ["--serial", "--coverage", "100"]);
  expect(strict.code).toBe(1);
  const { output } = await runIn(repository.root, ["status"]);
  expect(output).toContain("is verified");
});

test("a pass whose receipt cannot be kept is a pass, and says so", async () => {
  const repository = await makeRepository(tinyFiles());
  await writeFile(join(repository.root, ".git", "verify"), "in the way");
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(0);
  expect(output).toContain("No receipt could be kept:");
  expect((await readSummary(repository.root)).receipt).toBeNull();
});

/** A test file whose fixture writes when it was set up, in milliseconds, before it goes on. */
const slowSetup = [
  "import pathlib, pytest, time",
  "@pytest.fixture",
  "def slow():",
  "    pathlib.Path(__file__).with_suffix('.begun').write_text(str(time.time() * 1000))",
  "    time.sleep(0.02)",
  "def test_first(slow): pass",
  "def test_second(): pass",
].join("\n");

test.each([
  [1, ["master", "master"]],
  [2, ["gw0", "gw1"]],
])("with %i workers each file is told once, before its first fixture is set up", async (workers, ids) => {
  const { directory, facts } = await runPytest({ "test_a.py": slowSetup, "test_b.py": slowSetup }, workers);
  const visits = facts.visits.toSorted((left, right) => left.file.localeCompare(right.file));
  expect(visits.map(({ file }) => file)).toEqual(["test_a.py", "test_b.py"]);
  expect(visits.map(({ worker }) => worker).sort()).toEqual(ids);
  for (const { file, at } of visits) {
    const begun = await readFile(join(directory, file.replace(".py", ".begun")), "utf8");
    expect(at).toBeLessThanOrEqual(Number(begun));
  }
});

test("tests that replace sockets and clocks do not keep a worker from being heard", async () => {
  const before = Date.now();
  const { facts } = await runPytest(
    {
      "conftest.py": "import socket, time\nsocket.socket = None\ntime.time = lambda: 7\n",
      "test_a.py": "def test_a(): pass\n",
    },
    2,
  );
  expect(facts.visits).toMatchObject([{ file: "test_a.py" }]);
  expect(facts.visits[0]?.at).toBeGreaterThanOrEqual(before);
});

function withCommand(command: string) {
  return {
    "verify.config.json": configFile({ suites: [{ name: "backend", runner: "pytest", command }], database: false }),
  };
}

/** Debian may have a pytest of its own: the command is looked for where only what a shell needs is found. */
async function withoutPytest(environment: Awaited<ReturnType<typeof userEnvironment>>) {
  const { mkdir, symlink } = await import("node:fs/promises");
  const { makeDirectory } = await import("../../support/repository.ts");
  const { execFileSync } = await import("node:child_process");
  const bin = `${await makeDirectory()}/bin`;
  await mkdir(bin);
  for (const program of ["git", "sh", "ls", "node", "python3"]) {
    const path = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
    await symlink(path, `${bin}/${program}`);
  }
  return { ...environment, PATH: bin };
}

test.each([
  ["is killed", "os.kill(os.getpid(), 9)"],
  ["is ended from within, as pytest-timeout does", "os._exit(1)"],
])("a serial run that %s is a crash, and names the test it was in", async (_how, dies) => {
  const { root } = await makePytestRepository({
    "tests/test_more.py": `import os\n\n\ndef test_dies():\n    ${dies}\n`,
  });
  await endsWith(1, runIn(root, ["--serial"]));
  const { suites, reasons } = await readSummary(root);
  expect(suites[0]?.failures).toMatchObject([{ file: "tests/test_more.py", name: "test_dies", kind: "crash" }]);
  expect(reasons.join()).toContain("coverage figure is void");
});

test.each([
  ["all of it", 'env -i PATH="$PATH" pytest'],
  ["what leads to the plugin", "env -u PYTHONPATH pytest"],
])("a command that takes away the environment, %s, is told so", async (_what, command) => {
  const suites = [{ name: "backend", runner: "pytest", command, source: ["src"], workers: 2 }];
  const { root } = await makePytestRepository({}, { suites });
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(3);
  expect(errors).toContain(`pytest ran without what was added to it: does \`${command}\` replace the environment?`);
});

test("a command that sets PYTEST_ADDOPTS is told where to put what it says there", async () => {
  const suites = [{ name: "backend", runner: "pytest", command: "PYTEST_ADDOPTS=-q pytest", source: ["src"] }];
  const { root } = await makePytestRepository({}, { suites });
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(2);
  expect(errors).toContain("Put what `PYTEST_ADDOPTS=-q pytest` says there on the command line");
});

test("`coverage run` in front of pytest does not stand in the way", async () => {
  const command = "python -m coverage run -m pytest";
  const suites = [{ name: "backend", runner: "pytest", command, source: ["src"], workers: 2 }];
  const { root, git } = await makePytestRepository({}, { suites });
  await endsWith(0, runIn(root, []));
  expect(await git("status", "--porcelain")).toBe("");
});
