import { expect, test } from "vitest";
import { suiteSchema } from "../../../src/config/schema.ts";
import { generated } from "../../init/ci/generated.ts";
import { ciFile, outcome } from "./audited.ts";

const conftest = "def pytest_configure(config):\n    worker = getattr(config, 'workerinput', {}).get('workerid')\n";
const workflow = `on: { pull_request: }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements-dev.txt
      - name: Test
        run: |
          pytest -q tests   # all of them
`;
const serial = {
  [ciFile]: workflow,
  "requirements-dev.txt": "pytest\npytest-xdist==3.6\n",
  "tests/conftest.py": conftest,
};

test("pytest in one process gets its workers where xdist is installed and the conftest tells workers apart", async () => {
  const { findings, fixed } = await outcome(serial);
  expect(findings).toEqual([
    `${ciFile}:8:9 "Test" runs \`pytest -q tests\` in one process, though pytest-xdist is installed for it and tests/conftest.py gives each of its workers what it needs`,
  ]);
  expect(fixed[ciFile]).toBe(workflow.replace("pytest -q tests ", "pytest -n auto -q tests "));
});

test("what a manager installs without being asked for more counts as installed", async () => {
  const text = workflow
    .replace("pip install -r requirements-dev.txt", "uv sync")
    .replace("pytest -q tests", "uv run pytest");
  const pyproject = (table: string): string => `[project]\nname = "a"\n\n[${table}]\ndev = ["pytest-xdist"]\n`;
  const of = (table: string) => ({ [ciFile]: text, "pyproject.toml": pyproject(table), "tests/conftest.py": conftest });
  expect((await outcome(of("dependency-groups"))).fixed[ciFile]).toBe(
    text.replace("uv run pytest", "uv run pytest -n auto"),
  );
  expect((await outcome(of("project.optional-dependencies"))).findings).toEqual([]);
});

test.each<[string, Record<string, string>]>([
  ["xdist is not listed", { "requirements-dev.txt": "pytest\n" }],
  ["nothing shows that the tests bear it", { "tests/conftest.py": "import os\n" }],
  ["the command has its workers", { [ciFile]: workflow.replace("pytest -q", "pytest -n 4 -q") }],
  ["the command says one process", { [ciFile]: workflow.replace("pytest -q", "pytest -p no:xdist -q") }],
  ["the configuration has the workers", { "pytest.ini": "[pytest]\naddopts = -n auto\n" }],
  ["the list is not installed", { [ciFile]: workflow.replace("requirements-dev", "requirements") }],
  ["the run is measured by coverage itself", { [ciFile]: workflow.replace("pytest -q", "coverage run -m pytest -q") }],
])("no workers are advised where %s", async (_what, more) => {
  const { findings, fixed } = await outcome({ ...serial, ...more });
  expect({ findings, fixed }).toEqual({ findings: [], fixed: {} });
});

const proven = {
  suites: [suiteSchema.parse({ name: "backend", runner: "pytest", command: "pytest -q" })],
  checks: { lint: "ruff check" },
};
const asking = `on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: receipt
        run: npx verify check || true
      - name: Test   # slow
        run: pytest -q
`;

test("a suite behind a check gets the condition that a receipt makes it unnecessary", async () => {
  const { findings, fixed } = await outcome({ [ciFile]: asking }, { proven });
  expect(findings).toEqual([
    `${ciFile}:9:9 "Test" runs the suite "backend", which a trusted receipt makes unnecessary: \`npx verify check || true\` asks for one before it`,
  ]);
  expect(fixed[ciFile]).toBe(
    asking.replace("        run: pytest", "        if: steps.receipt.outputs.verified != 'true'\n        run: pytest"),
  );
});

test("a suite that no check precedes is told, and not changed", async () => {
  const text = asking.replace("      - id: receipt\n        run: npx verify check || true\n", "");
  const { findings, fixed, doubts } = await outcome({ [ciFile]: text }, { proven });
  expect(findings).toEqual([
    expect.stringContaining('runs the suite "backend", which a trusted receipt makes unnecessary'),
  ]);
  expect(fixed).toEqual({});
  expect(doubts).toEqual([
    "the job does not ask for one before it, as the workflow of `npx verify init --ci github` does",
  ]);
});

test("a configured check is proven as a suite is", async () => {
  const { findings } = await outcome({ [ciFile]: asking.replace("pytest -q", "ruff check && pytest -q") }, { proven });
  expect(findings).toEqual([expect.stringContaining('runs the check "lint" and the suite "backend", which')]);
});

test.each<[string, string]>([
  [
    "it depends on a check already",
    asking.replace("        run: pytest", "        if: steps.receipt.outputs.verified != 'true'\n        run: pytest"),
  ],
  ["it runs other tests", asking.replace("pytest -q", "pytest -q -m slow")],
  ["it runs elsewhere", asking.replace("run: pytest", "working-directory: apps\n        run: pytest")],
  ["it does more", asking.replace("run: pytest -q", "run: pytest -q && ./upload.sh")],
  ["the workflow runs at night", asking.replace("[pull_request]", "{ schedule: [{ cron: '0 3 * * *' }] }")],
])("a suite is not said to be unnecessary where %s", async (_what, text) => {
  expect((await outcome({ [ciFile]: text }, { proven })).findings).toEqual([]);
});

test("the workflow that init writes asks already", async () => {
  const { github } = generated({ files: {}, suites: [{ name: "backend", runner: "pytest", command: "pytest -q" }] });
  expect(await outcome({ [ciFile]: github }, { proven })).toMatchObject({ findings: [], remarks: [] });
});

test("without a policy nothing is said of receipts", async () => {
  expect((await outcome({ [ciFile]: asking })).findings).toEqual([]);
});

test.each<[string, string, string]>([
  [
    "has a condition of its own",
    asking.replace("        run: pytest", "        if: github.actor != 'x'\n        run: pytest"),
    "condition of its own",
  ],
  ["stands behind a check without an id", asking.replace("- id: receipt\n        run", "- run"), "has no id"],
])("a suite that %s is told, and not changed", async (_what, text, doubt) => {
  const { fixed, doubts } = await outcome({ [ciFile]: text }, { proven });
  expect(fixed).toEqual({});
  expect(doubts).toEqual([expect.stringContaining(doubt)]);
});
