import { describe, expect, it } from "vitest";
import { detectPytest } from "../../../src/init/detect/pytest.ts";
import { aTest, projectOf } from "../project.ts";

const rootsOf = (files: Readonly<Record<string, string>>): string[] =>
  detectPytest(projectOf(files)).map((suite) => suite.root);
const onlySuite = (files: Readonly<Record<string, string>>) => {
  const suites = detectPytest(projectOf(files));
  expect(suites).toHaveLength(1);
  return suites[0];
};
const notesOf = (files: Readonly<Record<string, string>>): string => (onlySuite(files)?.notes ?? []).join("\n");

describe("the roots of pytest suites", () => {
  it.each([
    ["pyproject.toml", "[tool.pytest.ini_options]\n"],
    ["pyproject.toml", "[tool.pytest]\n"],
    ["pytest.ini", ""],
    ["tox.ini", "[pytest]\n"],
    ["setup.cfg", "[tool:pytest]\n"],
  ])("is where %s configures pytest", (name, text) => {
    expect(rootsOf({ [`apps/backend/${name}`]: text, "apps/backend/tests/test_a.py": aTest })).toEqual([
      "apps/backend",
    ]);
  });

  it("is the directory of the Python project where nothing configures pytest", () => {
    expect(rootsOf({ "backend/requirements.txt": "", "backend/app/tests/test_a.py": aTest })).toEqual(["backend"]);
  });

  it("is the directory that holds tests where there is no Python project at all", () => {
    expect(rootsOf({ "tools/tests/unit/test_a.py": aTest })).toEqual(["tools"]);
    expect(rootsOf({ "tests/test_a.py": aTest })).toEqual(["."]);
    expect(rootsOf({ "test_a.py": aTest })).toEqual(["."]);
  });

  it("is one for a project whose tests directory has a configuration of its own", () => {
    const files = { "pyproject.toml": "[tool.pytest.ini_options]\n", "tests/pytest.ini": "", "tests/conftest.py": "" };
    expect(rootsOf({ ...files, "tests/test_a.py": aTest })).toEqual(["."]);
  });

  it("is one for tests beside each other in a configured project", () => {
    const files = { "pytest.ini": "", "a/pyproject.toml": "", "a/tests/test_a.py": aTest, "b/tests/test_b.py": aTest };
    expect(rootsOf(files)).toEqual(["."]);
  });

  it("are several where a configured root has no tests but those of configured projects below it", () => {
    const section = "[tool.pytest.ini_options]\n";
    const files = { "pyproject.toml": section, "a/pyproject.toml": section, "b/pyproject.toml": section };
    expect(rootsOf({ ...files, "a/tests/test_a.py": aTest, "b/tests/test_b.py": aTest })).toEqual(["a", "b"]);
  });

  it("are several where testpaths leaves a project below to itself", () => {
    const files = { "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n', "tests/test_a.py": aTest };
    expect(rootsOf({ ...files, "libs/x/pyproject.toml": "", "libs/x/tests/test_x.py": aTest })).toEqual([
      ".",
      "libs/x",
    ]);
  });

  it("do not include a test file that testpaths leaves out of its own project", () => {
    const files = { "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n', "tests/test_a.py": aTest };
    expect(rootsOf({ ...files, "scripts/test_network.py": aTest })).toEqual(["."]);
  });

  it("do not include a script that is only named like a test", () => {
    expect(rootsOf({ "scripts/test_connection.py": "print('connected')\n" })).toEqual([]);
  });

  it("do not include a configuration without any test", () => {
    expect(rootsOf({ "pyproject.toml": "[tool.pytest.ini_options]\n", "src/a.py": "" })).toEqual([]);
  });

  it("is where a conftest.py waits for its first test", () => {
    expect(rootsOf({ "pyproject.toml": "", "tests/conftest.py": "" })).toEqual(["."]);
  });

  it("do not include a directory with nothing but a conftest.py above the tests of others", () => {
    const section = "[tool.pytest.ini_options]\n";
    const files = { "pyproject.toml": section, "conftest.py": "", "a/pyproject.toml": section };
    expect(rootsOf({ ...files, "a/tests/test_a.py": aTest })).toEqual(["a"]);
  });

  it("are found where test files have names of the project's own", () => {
    expect(rootsOf({ "pytest.ini": "[pytest]\npython_files = check_*.py\n", "check_a.py": aTest })).toEqual(["."]);
  });

  it("do not lie in dependencies, fixtures or hidden directories", () => {
    const places = ["node_modules/gyp", ".venv/lib", "venv", "tests/fixtures/sample", ".cache"];
    expect(rootsOf(Object.fromEntries(places.map((place) => [`${place}/test_a.py`, aTest])))).toEqual([]);
  });
});

it.each([
  ["a workflow", "defaults:\n  run:\n    working-directory: apps/api\njobs:\n  test:\n    steps:\n"],
  ["a job", "jobs:\n  test:\n    defaults:\n      run:\n        working-directory: ./apps/api/\n    steps:\n"],
])("the directory that %s sets for its steps is where they run, unless a step says another", (_what, head) => {
  const files = (step: string) => ({
    "apps/api/pyproject.toml": "[project]\n",
    "apps/api/tests/test_a.py": aTest,
    "apps/web/tests/test_b.py": aTest,
    "apps/web/pyproject.toml": "[project]\n",
    ".github/workflows/ci.yml": `${head}      - run: pytest -m unit\n${step}`,
  });
  const commands = (step: string) => detectPytest(projectOf(files(step))).map(({ root, command }) => [root, command]);
  expect(commands("")).toEqual([
    ["apps/api", "pytest -m unit"],
    ["apps/web", "pytest"],
  ]);
  expect(commands("        working-directory: apps/web\n")).toEqual([
    ["apps/api", "pytest"],
    ["apps/web", "pytest -m unit"],
  ]);
});

describe("the tests of a Django project", () => {
  const django = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "requirements.txt": "Django\n",
    "polls/tests.py": "class QuestionTests(TestCase):\n    pass\n",
  };

  it("that `manage.py test` runs are run by pytest-django, tests.py among them", () => {
    expect(onlySuite(django)).toMatchObject({
      root: ".",
      command: 'DJANGO_SETTINGS_MODULE=shop.settings pytest -o "python_files=test*.py"',
    });
    expect(notesOf(django)).toContain("add pytest-cov and pytest-django to your dev dependencies");
  });

  it.each([
    ["pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings\npython_files = tests.py\n"],
    ["conftest.py", "import django\ndjango.setup()\n"],
  ])("that pytest runs already, by %s, are left as they are", (path, text) => {
    expect(onlySuite({ ...django, "polls/test_a.py": aTest, [path]: text })?.command).toBe("pytest");
  });
});

describe("the command of a pytest suite", () => {
  const tests = { "apps/api/tests/test_a.py": aTest, "apps/api/pyproject.toml": "[project]\n" };

  it.each([
    ["uv run pytest", { "apps/api/uv.lock": "" }],
    ["uv run pytest", { "uv.lock": "" }],
    ["uv run pytest", { "apps/api/pyproject.toml": "[tool.uv]\n" }],
    ["poetry run pytest", { "apps/api/poetry.lock": "" }],
    ["poetry run pytest", { "apps/api/pyproject.toml": '[tool.poetry.group.dev.dependencies]\npytest = "*"\n' }],
    ["pipenv run pytest", { "apps/api/Pipfile": "" }],
    ["pytest", {}],
  ])("is %s with %j", (command, files) => {
    expect(onlySuite({ ...tests, ...files })?.command).toBe(command);
  });

  it.each([
    ["Makefile", "test:\n\tpytest -q -m 'not slow'\n"],
    ["scripts/test", "#!/bin/sh\nset -e\nexec pytest -m 'not slow' \"$@\"\n"],
    ["apps/api/noxfile.py", "def tests(session):\n    session.run('pytest', '-m', 'not slow', *session.posargs)\n"],
    ["apps/api/pyproject.toml", "[tool.poe.tasks]\ntest = \"pytest -m 'not slow'\"\n"],
    ["apps/api/pyproject.toml", "[tool.pdm.scripts]\ntest = { cmd = \"pytest -m 'not slow'\" }\n"],
    ["apps/api/pyproject.toml", "[tool.hatch.envs.default.scripts]\ntest = \"pytest -m 'not slow' {args:}\"\n"],
    ["justfile", "test *args:\n    pytest -m 'not slow' {{args}}\n"],
    ["package.json", '{ "scripts": { "test:api": "pytest -m \\"not slow\\" -x" } }'],
    ["tox.ini", '[testenv]\ncommands = pytest -m "not slow"\n'],
    [".github/workflows/ci.yml", 'jobs:\n  test:\n    steps:\n      - run: pytest -m "not slow"\n'],
  ])("keeps the markers that %s selects, and says so", (path, text) => {
    expect(onlySuite({ ...tests, [path]: text })?.command).toBe('pytest -m "not slow"');
    expect(notesOf({ ...tests, [path]: text })).toContain(path);
  });

  it("selects no markers where the project's scripts differ, and says so", () => {
    const files = { ...tests, Makefile: "a:\n\tpytest -m 'not slow'\nb:\n\tpytest -m slow\n" };
    expect(onlySuite(files)?.command).toBe("pytest");
    expect(notesOf(files)).toContain(
      'the scripts differ, `pytest -m "not slow"` in Makefile (a), `pytest -m slow` in Makefile (b)',
    );
  });

  it("is the one of the script that is called test, its variables and paths kept", () => {
    const makefile =
      "bench:\n\tpytest -m benchmark\n\ntest: lint\n\t@MODE=test python -m pytest -vv --tb=short -k 'not net' tests --junitxml=out.xml $(ARGS)\n";
    expect(onlySuite({ "tests/test_a.py": aTest, Makefile: makefile })?.command).toBe(
      'MODE=test python -m pytest -k "not net" tests',
    );
  });

  it("is everything where CI runs a part in each of several jobs", () => {
    const job = (name: string, words: string): string => `  ${name}:\n    steps:\n      - run: pytest ${words}\n`;
    const workflow = `jobs:\n${job("fast-db", "-m db")}${job("web", "-m web")}${job("bench", "-m benchmark")}`;
    expect(onlySuite({ ...tests, ".github/workflows/ci.yml": workflow })?.command).toBe("pytest");
  });

  it("is CI's test job, and not its benchmarks", () => {
    const workflow =
      "jobs:\n  tests:\n    steps:\n      - run: pytest --cov=pkg\n  benchmark:\n    steps:\n      - run: pytest -m benchmark\n";
    expect(onlySuite({ ...tests, ".github/workflows/ci.yml": workflow })?.command).toBe("pytest");
  });

  it("finds its modules as under coverage run, which is left to us", () => {
    expect(onlySuite({ ...tests, Makefile: "test:\n\tcoverage run -m pytest\n" })?.command).toBe("python3 -m pytest");
  });

  it.each([
    ["$(PYTHON) -m pytest tests", "python3 -m pytest tests"],
    ["$(VENV)/bin/pytest tests", "pytest tests"],
    [".venv/bin/python -m pytest tests", "python3 -m pytest tests"],
    ["@cd . && uv run --frozen pytest tests || exit 1", "uv run --frozen pytest tests"],
    ["docker compose run --rm web pytest -m docker", "pytest"],
    ["PYTEST_WORKERS=$(N) pytest -m slow", "pytest"],
  ])("of the target `%s` is %s", (line, command) => {
    expect(onlySuite({ "tests/test_a.py": aTest, Makefile: `test:\n\t${line}\n` })?.command).toBe(command);
  });

  it("leads to no database of the script's, and keeps our part of the search path", () => {
    const makefile = "test:\n\tDATABASE_URL=postgresql://localhost/x PYTHONPATH=. pytest\n";
    const suite = onlySuite({ "tests/test_a.py": aTest, Makefile: makefile });
    expect(suite?.command).toBe("PYTHONPATH=.:$PYTHONPATH pytest");
    expect(suite?.notes).toContain("without DATABASE_URL, as each worker has a database of its own");
  });

  it("does not take another program's -m for pytest's", () => {
    expect(onlySuite({ ...tests, Makefile: "t:\n\tpytest && python -m build\n" })?.command).toBe("pytest");
    expect(onlySuite({ ...tests, Makefile: "t:\n\tpytest; git commit -m done\n" })?.command).toBe("pytest");
  });

  it("does not copy an expression with a variable in it", () => {
    expect(onlySuite({ ...tests, Makefile: 't:\n\tpytest -m "$(MARKS)"\n' })?.command).toBe("pytest");
  });

  it("does not copy the markers of a script above several suites", () => {
    const files = {
      ...tests,
      "apps/web/setup.py": "",
      "apps/web/tests/test_b.py": aTest,
      Makefile: "t:\n\tpytest -m slow\n",
    };
    expect(detectPytest(projectOf(files)).map((suite) => suite.command)).toEqual(["pytest", "pytest"]);
  });
});

describe("the source of a pytest suite", () => {
  const tests = { "requirements.txt": "pytest-cov\npytest-xdist\n", "tests/__init__.py": "", "tests/test_a.py": aTest };

  it("is src where that holds Python", () => {
    expect(onlySuite({ ...tests, "src/ledger/a.py": "", "other/__init__.py": "" })?.source).toEqual(["src"]);
  });

  it("is the packages beside the tests", () => {
    expect(onlySuite({ ...tests, "ledger/__init__.py": "", "web/__init__.py": "", "assets/a.py": "" })?.source).toEqual(
      ["ledger", "web"],
    );
  });

  it("is a directory of modules where no directory is a package", () => {
    expect(onlySuite({ ...tests, "app/main.py": "", "docs/conf.py": "", "migrations/1.py": "" })?.source).toEqual([
      "app",
    ]);
  });

  it.each([
    [".coveragerc", "[run]\nsource = ledger\n", ".coveragerc"],
    ["pyproject.toml", '[tool.coverage.run]\nsource = ["ledger"]\n', "pyproject.toml"],
    ["setup.cfg", "[coverage:run]\nsource_pkgs = ledger\n", "setup.cfg"],
    ["pytest.ini", "[pytest]\naddopts = -ra --cov=ledger\n", "addopts"],
    ["pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["-ra", "--cov=ledger"]\n', "addopts"],
  ])("is left to %s when that says it in %j", (path, text, named) => {
    const files = { ...tests, "src/a.py": "", [path]: text };
    expect(onlySuite(files)?.source).toEqual([]);
    expect(notesOf(files)).toContain(named);
  });

  it("is what --cov in the script names, and its threshold is known", () => {
    const makefile = "test:\n\tpytest --cov=ledger --cov-fail-under=80\n";
    const suite = onlySuite({ ...tests, "ledger/__init__.py": "", "other/__init__.py": "", Makefile: makefile });
    expect(suite).toMatchObject({ command: "pytest", source: ["ledger"], failUnder: { share: 80 } });
  });

  it("is the module of a project that is one file", () => {
    expect(onlySuite({ ...tests, "six.py": "", "setup.py": "" })?.source).toEqual(["six"]);
  });

  it("is asked for where there is no directory of source", () => {
    expect(notesOf({ ...tests, "setup.py": "" })).toContain("found no directory of Python source");
  });

  it("comes with a word where no dependency list names pytest-cov", () => {
    expect(notesOf(tests)).not.toContain("dev dependencies");
    expect(notesOf({ ...tests, "requirements.txt": "pytest\n" })).toContain("add pytest-cov to your dev dependencies");
    expect(
      notesOf({ ...tests, "requirements.txt": "", "requirements/dev.txt": "pytest_cov\npytest_xdist\n" }),
    ).not.toContain("dev dependencies");
  });
});

describe("what a script sets before it starts pytest", () => {
  it.each([
    ["scripts/test.sh", "#!/bin/sh\nexport APP_CONFIG=a.ini\npytest tests\n"],
    ["Makefile", "export APP_CONFIG = a.ini\ntest:\n\tpytest tests\n"],
    ["Makefile", "test: export APP_CONFIG = a.ini\ntest:\n\tpytest tests\n"],
    ["Makefile", "test:\n\texport APP_CONFIG=a.ini && pytest tests\n"],
  ])("is kept: %s", (name, text) => {
    expect(onlySuite({ "tests/test_a.py": aTest, [name]: text })?.command).toBe("APP_CONFIG=a.ini pytest tests");
  });

  it.each([
    ["what the script itself uses", "export APP_CONFIG=a.ini\necho $APP_CONFIG\n"],
    ["what is exported under a condition", "if true; then\n    export APP_CONFIG=a.ini\nfi\n"],
    ["nothing", 'export APP_CONFIG=""\n'],
  ])("is not where it is %s", (_, lines) => {
    const files = { "tests/test_a.py": aTest, "scripts/test": `#!/bin/sh\n${lines}pytest tests\n` };
    expect(onlySuite(files)?.command).toBe("pytest tests");
  });

  it.each(["pytest", "coverage run -m pytest", "python -m pytest"])(
    "leaves out where the programs lie, which the script puts in front of %s",
    (program) => {
      const script = `#!/bin/sh\nexport PREFIX=""\nif [ -d venv ]; then\n    export PREFIX="venv/bin/"\nfi\n\${PREFIX}${program} tests $@\n`;
      expect(onlySuite({ "tests/test_a.py": aTest, "scripts/test": script })?.command).toMatch(
        /^(python3 -m )?pytest tests$/,
      );
    },
  );

  it("is kept where the scripts differ in something else", () => {
    const makefile = "export APP_CONFIG = a.ini\na:\n\tpytest -m one\nb:\n\tpytest -m two\n";
    expect(onlySuite({ "tests/test_a.py": aTest, Makefile: makefile })?.command).toBe("APP_CONFIG=a.ini pytest");
  });

  it("is that of the script for Postgres where there is one for each kind of database", () => {
    const script = (kind: string): string => `#!/bin/sh\nexport CONF="tests.${kind}"\npytest -m ${kind} tests $@\n`;
    const kinds = ["sqlite", "postgres", "integration"].map((kind) => [`scripts/test-${kind}.sh`, script(kind)]);
    const suite = onlySuite({ "tests/test_a.py": aTest, ...Object.fromEntries(kinds) });
    expect(suite?.command).toBe("CONF=tests.postgres pytest -m postgres tests");
    expect(suite?.notes).toContain('runs what "test-postgres" in scripts/test-postgres.sh runs');
  });

  it("is not where it is another target's", () => {
    const makefile = "docs: export APP_CONFIG = a.ini\ntest:\n\tpytest tests\n";
    expect(onlySuite({ "tests/test_a.py": aTest, Makefile: makefile })?.command).toBe("pytest tests");
  });
});

describe("benchmarks beside the tests", () => {
  const files = { "tests/test_a.py": aTest, "benchmarks/test_speed.py": aTest };

  it("are left out where nothing says what runs, which is told", () => {
    const suite = onlySuite(files);
    expect(suite?.command).toBe("pytest --ignore=benchmarks");
    expect(suite?.notes).toContain("without benchmarks, as benchmarks time code and do not test it");
  });

  it.each([
    ["a script runs them", { ...files, Makefile: "test:\n\tpytest\n" }],
    ["the configuration says where tests lie", { ...files, "pytest.ini": "[pytest]\ntestpaths = tests\n" }],
    ["there is nothing else", { "benchmarks/test_speed.py": aTest, "pytest.ini": "[pytest]\n" }],
  ])("stay where %s", (_, more) => {
    expect(onlySuite(more)?.command).toBe("pytest");
  });
});
