import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import {
  configFile,
  endsWith,
  makePytestRepository,
  push,
  readSummary,
  runIn,
  useHook,
  userEnvironment,
} from "../support/verify.ts";

const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 };
const block = Array.from({ length: 6 }, (_, index) => `    amount_${index} = compute(value, ${index})\n`).join("");

/** A branch that changes a covered file: a few lines are covered, two are not, some are moved. */
async function changedBranch(coverage: object = { lines: 0, changedLines: 95 }): Promise<Repository> {
  const repository = await makePytestRepository({
    "src/sums.py": `def compute(value, factor):\n    return value * factor\n\n\ndef old(value):\n${block}    return amount_0\n\n\ndef add(left, right):\n    return left + right\n`,
    "verify.config.json": configFile({ suites: [suite], database: false, coverage }),
  });
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.git("checkout", "--quiet", "-b", "feature");
  await repository.write({
    "src/sums.py": `def compute(value, factor):\n    return value * factor\n\n\ndef add(left, right):\n    if left is None:\n        left = 0\n        right = right or 0\n    total = left + right\n    return total\n\n\ndef moved(value):\n${block}    return amount_0\n`,
  });
  await repository.commit("Add with nothing");
  return repository;
}

test("a push whose changed lines are not covered is stopped, and is told which", async () => {
  const repository = await changedBranch();
  await useHook(repository);
  const { exitCode, output } = await push(repository, ["origin", "feature"]);
  expect(exitCode).not.toBe(0);
  expect(output).toContain("Of the changed lines 71.42 % (5 of 7 lines) are covered, their gate is 95 %");
  expect(output).toContain("Not covered: src/sums.py:7-8.");
  expect(await repository.remoteCommit("refs/heads/feature")).toBeNull();
});

test("the figure is diff-cover's of the same diff, but for what was moved", async () => {
  const repository = await changedBranch({ lines: 0 });
  const { root } = repository;
  await endsWith(0, runIn(root, []));
  const { coverage } = await readSummary(root);

  // diff-cover 7 takes coverage.py's XML; of LCOV it knows nothing yet.
  const command =
    "COVERAGE_FILE=.verify/own.data pytest -q -p no:cacheprovider --cov=src --cov-report=xml:.verify/own.xml && " +
    "diff-cover .verify/own.xml --compare-branch=origin/main --json-report=.verify/diff.json --quiet";
  const { exitCode, output } = await runShell(command, root, await userEnvironment());
  expect(output).not.toContain("not found");
  expect(exitCode).toBe(0);
  const told: {
    total_num_lines: number;
    total_num_violations: number;
    src_stats: Record<string, { violation_lines: number[] }>;
  } = JSON.parse(await readFile(join(root, ".verify/diff.json"), "utf8"));

  // Of the block that was moved only the line that names it is new to us: its seven others stand elsewhere before.
  const moved = (told.src_stats["src/sums.py"]?.violation_lines ?? []).filter((line) => line > 12);
  const { covered = 0, total = 0 } = coverage?.changedLines ?? {};
  expect(total).toBe(told.total_num_lines - moved.length);
  expect(total - covered).toBe(told.total_num_violations - moved.length);
});

test("without moved code the figure is diff-cover's", async () => {
  const repository = await changedBranch({ lines: 0 });
  await repository.git("checkout", "--quiet", "-B", "second", "main");
  await repository.write({
    "src/sums.py": `${await readFile(join(repository.root, "src/sums.py"), "utf8")}\n\ndef new(value):\n    if value:\n        return 1\n    return 2\n`,
    "tests/test_new.py": "from sums import new\n\n\ndef test_new():\n    assert new(1) == 1\n",
  });
  await repository.commit("Something new");
  const { root } = repository;
  await endsWith(0, runIn(root, []));
  const command =
    "COVERAGE_FILE=.verify/own.data pytest -q -p no:cacheprovider --cov=src --cov-report=xml:.verify/own.xml && " +
    "diff-cover .verify/own.xml --compare-branch=origin/main --json-report=.verify/diff.json --quiet";
  expect((await runShell(command, root, await userEnvironment())).exitCode).toBe(0);
  const told: { total_num_lines: number; total_num_violations: number } = JSON.parse(
    await readFile(join(root, ".verify/diff.json"), "utf8"),
  );
  expect((await readSummary(root)).coverage?.changedLines).toEqual({
    total: told.total_num_lines,
    covered: told.total_num_lines - told.total_num_violations,
  });
});

test("a changed file that no suite loads counts as not covered", async () => {
  const repository = await makePytestRepository({
    "verify.config.json": configFile({
      suites: [{ ...suite, source: [] }],
      database: false,
      coverage: { changedLines: 50 },
    }),
  });
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.write({ "jobs/nightly.py": "def run():\n    return 1\n" });
  await repository.commit("A job that nobody tests");
  await endsWith(1, runIn(repository.root, []));
  const { reasons, coverage } = await readSummary(repository.root);
  expect(reasons.join()).toContain("Not covered: jobs/nightly.py:1-2. No suite loads jobs/nightly.py.");
  expect(coverage?.changedLines).toEqual({ covered: 0, total: 2 });
});

test("generated files do not count", async () => {
  const repository = await makePytestRepository({
    ".gitattributes": "src/generated_*.py linguist-generated\n",
    "verify.config.json": configFile({ suites: [suite], database: false, coverage: { lines: 0, changedLines: 100 } }),
  });
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.write({ "src/generated_client.py": "def call():\n    return 1\n" });
  await repository.commit("Generate a client");
  await endsWith(0, runIn(repository.root, []));
});

test("exclusions that the changes add are counted and shown", async () => {
  const repository = await makePytestRepository();
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.write({
    "src/sums.py":
      "def add(left, right):\n    return left + right\n\n\ndef debug():  # pragma: no cover\n    print('no')\n",
  });
  await repository.commit("Exclude something");
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(0);
  expect(output).toContain("These changes exclude code from coverage in 1 place: src/sums.py:5.");
  const { coverage } = await readSummary(repository.root);
  expect(coverage?.exclusions).toEqual([{ file: "src/sums.py", line: 5, text: "def debug():  # pragma: no cover" }]);
  expect(await readFile(join(repository.root, ".verify/summary.md"), "utf8")).toContain(
    "- `src/sums.py:5` `def debug(): # pragma: no cover`",
  );
});

test("what is proven against one merge base is not proven against another", async () => {
  const repository = await changedBranch({ lines: 0, changedLines: 50 });
  const { root } = repository;
  await endsWith(0, runIn(root, []));
  expect((await runIn(root, [])).output).toContain("was verified before");
  // The base branch goes back to where it had nothing: the same tree now changes more.
  await repository.git("checkout", "--quiet", "--orphan", "empty");
  await repository.git("commit", "--quiet", "--no-verify", "--message", "Begin again");
  const other = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "--quiet", "feature");
  await repository.git("update-ref", "refs/remotes/origin/main", other);
  await repository.git("update-ref", "refs/heads/main", other);
  const { code, output } = await runIn(root, []);
  expect(output).not.toContain("was verified before");
  expect(output).toContain("The gate of changed lines (50 %) cannot be judged");
  expect(code).toBe(1);
});

test("a working tree's changed lines are those that lie there", async () => {
  const repository = await makePytestRepository({}, { coverage: { lines: 0, changedLines: 100 } });
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.write({
    "src/sums.py": "def add(left, right):\n    if left is None:\n        return right\n    return left + right\n",
  });
  const { code, output } = await runIn(repository.root, ["--working-tree"]);
  expect(code).toBe(1);
  expect(output).toContain("Not covered: src/sums.py:3.");
});
