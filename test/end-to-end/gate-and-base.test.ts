import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, endsWith, type Outcome, readSummary, runIn } from "../support/verify.ts";

const passing =
  '<testsuites><testsuite><testcase classname="sums" name="adds" file="test/sums.js" time="0.5"/></testsuite></testsuites>';

/** An LCOV record: the covered lines, then those that are not. */
function record(file: string, covered: readonly number[], missed: readonly number[] = []): string {
  const lines = [...covered.map((line) => `DA:${line},1`), ...missed.map((line) => `DA:${line},0`)];
  return `SF:${file}\n${lines.join("\n")}\nend_of_record\n`;
}

const numbered = (count: number): string => Array.from({ length: count }, (_, index) => `x${index} = 1\n`).join("");

/** A repository whose command passes and writes `fix.info` as its coverage; on a branch of its own, main is pushed. */
async function makeGated(coverage: object, lcov = record("src/a.py", [1])): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "out/\n",
    "src/a.py": numbered(1),
    "passing.xml": passing,
    "fix.info": lcov,
    "verify.config.json": configFile({
      suites: [
        {
          ...{ name: "sums", runner: "command", results: ["out/*.xml"], coverage: ["out/*.info"] },
          command: "mkdir -p out; cp passing.xml out/; cat fix.info > out/covered.info",
        },
      ],
      database: false,
      coverage,
    }),
  });
  await repository.git("push", "--quiet", "origin", "main");
  await repository.git("checkout", "--quiet", "-b", "feature");
  return repository;
}

const verify = ({ root }: Repository, ...words: string[]): Promise<Outcome> => runIn(root, words);
const uncovered = { "src/a.py": numbered(3), "fix.info": record("src/a.py", [1], [2, 3]) };

test("a gate of changed lines that a shallow clone cannot judge is said to be one", async () => {
  const repository = await makeGated({ lines: 0, changedLines: 90 });
  await repository.write({ "src/a.py": numbered(3) });
  await repository.commit("Change");
  const clone = await makeDirectory();
  await repository.git("clone", "--quiet", "--depth", "1", `file://${repository.root}`, clone);
  const { code, output } = await runIn(clone, []);
  expect(code).toBe(1);
  expect(output).toContain("This clone is shallow: `git fetch --unshallow`");
});

describe("what only this machine says changes no verdict", () => {
  test("attributes in .git/info that call the source generated", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 90 });
    await repository.write(uncovered);
    await repository.commit("Change");
    await mkdir(join(repository.root, ".git/info"), { recursive: true });
    await writeFile(join(repository.root, ".git/info/attributes"), "*.py linguist-generated -diff\n");
    expect((await verify(repository)).code).toBe(1);
  });

  test("grafts that lend the commit another parent", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 90 });
    await repository.write(uncovered);
    const commit = await repository.commit("Change");
    const graft = await repository.git("commit-tree", "HEAD^{tree}", "-m", "Another past");
    await mkdir(join(repository.root, ".git/info"), { recursive: true });
    await writeFile(
      join(repository.root, ".git/info/grafts"),
      `${await repository.git("rev-parse", "main")} ${graft}\n`,
    );
    expect(commit).toHaveLength(40);
    expect((await verify(repository)).code).toBe(1);
    expect((await readSummary(repository.root)).coverage?.changedLines).toEqual({ covered: 0, total: 2 });
  });

  test.each(["diff.orderFile", "diff.algorithm"])("a setting of %s", async (key) => {
    const repository = await makeGated({ lines: 0, changedLines: 90 });
    await repository.write(uncovered);
    await repository.commit("Change");
    await repository.git("config", key, key === "diff.algorithm" ? "histogram" : "nowhere");
    expect((await verify(repository)).code).toBe(1);
  });
});

describe("changed lines", () => {
  test("of a file with a NUL in it, or that attributes call binary, count", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 90 });
    await repository.write({
      ...uncovered,
      "src/a.py": 'x0 = 1\nx1 = "\0"\nx2 = 1\n',
      ".gitattributes": "*.py binary\n",
    });
    await repository.commit("Change");
    expect((await verify(repository)).code).toBe(1);
  });

  test("of a language that only the coverage knows count", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 90 }, record("src/a.go", [1]));
    await repository.write({ "src/a.go": numbered(3), "fix.info": record("src/a.go", [1], [2, 3]) });
    await repository.commit("Change");
    expect((await verify(repository)).output).toContain("Not covered: src/a.go:2-3");
  });

  test("have none in a symbolic link to a covered file", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 100 });
    await symlink("a.py", join(repository.root, "src/link.py"));
    await repository.commit("Link");
    expect((await verify(repository)).code).toBe(0);
  });

  test("are held for each of two commits that are pushed at once, though they have one tree", async () => {
    const repository = await makeGated({ lines: 0, changedLines: 90 });
    const begin = await repository.git("rev-parse", "main");
    await repository.write(uncovered);
    const main = await repository.commit("Change");
    await repository.git("update-ref", "refs/remotes/origin/main", main);
    const tree = `${main}^{tree}`;
    const first = await repository.git("commit-tree", tree, "-p", main, "-m", "1");
    const second = await repository.git("commit-tree", tree, "-p", begin, "-m", "2");
    const none = "0".repeat(40);
    const input = [first, second].map(
      (commit, index) => `refs/heads/c${index} ${commit} refs/heads/c${index} ${none}\n`,
    );
    await endsWith(1, runIn(repository.root, ["pre-push", "--", "origin", "url"], { input: input.join("") }));
  });
});

describe("the ratchet", () => {
  const ratchet = { lines: 0, ratchet: true };
  const half = { "src/a.py": numbered(2), "fix.info": record("src/a.py", [1], [2]) };
  const whole = { "src/a.py": numbered(2), "fix.info": record("src/a.py", [1, 2]) };

  test("is asked anew once a figure of the base is recorded: a proof from before does not stand", async () => {
    const repository = await makeGated(ratchet);
    await repository.write(half);
    await repository.commit("Half");
    expect((await verify(repository)).code).toBe(0);
    expect((await verify(repository, "main")).code).toBe(0);
    const { code, output } = await verify(repository);
    expect(output).toContain("Coverage fell from 100 %");
    expect(code).toBe(1);
  });

  test("holds a commit that takes the base branch back to files that were proven before", async () => {
    const repository = await makeGated(ratchet);
    await repository.git("remote", "remove", "origin");
    await repository.git("checkout", "--quiet", "main");
    await repository.write(half);
    await repository.commit("Half");
    expect((await verify(repository)).code).toBe(0);
    await repository.write(whole);
    await repository.commit("Whole");
    expect((await verify(repository)).code).toBe(0);
    await repository.git("revert", "--no-edit", "HEAD");
    expect((await verify(repository)).code).toBe(1);
  });

  test("holds a working tree to what its commit has", async () => {
    const repository = await makeGated(ratchet);
    await repository.git("remote", "remove", "origin");
    await repository.git("checkout", "--quiet", "main");
    await repository.write(half);
    await repository.commit("Half");
    expect((await verify(repository)).code).toBe(0);
    await repository.write(whole);
    await repository.commit("Whole");
    expect((await verify(repository)).code).toBe(0);
    await repository.write(half);
    const { code, output } = await verify(repository, "--working-tree");
    expect(output).toContain("Coverage fell from 100 %");
    expect(code).toBe(1);
  });
});

test("a suite whose data holds nothing of the tree does not hide behind another", async () => {
  const repository = await makeGated({});
  const suite = { runner: "command", results: ["out/*.xml"] };
  const command = "mkdir -p out; cp passing.xml out/; cat fix.info > out/covered.info; cp fix2.info out/other.lcov";
  await repository.write({
    "src/b/b.py": numbered(1),
    "fix2.info": record("/app/src/b/b.py", [1]),
    "verify.config.json": configFile({
      suites: [
        { ...suite, name: "one", command, coverage: ["out/*.info"] },
        { ...suite, name: "two", command, coverage: ["out/*.lcov"], source: ["src/b"] },
      ],
      database: false,
    }),
  });
  await repository.commit("Two suites");
  const { code, output } = await verify(repository);
  expect(output.replace(/\s+/g, " ")).toContain('The source "src/b" of two (src/b) yields nothing');
  expect(code).toBe(1);
});

test("of several globs that exclude, one that begins with ! takes back", async () => {
  const repository = await makeGated({ exclude: ["src/**", "!src/a.py"] });
  await repository.write({
    "src/b.py": numbered(2),
    "fix.info": record("src/a.py", [1]) + record("src/b.py", [], [1, 2]),
  });
  await repository.commit("Exclude");
  expect((await verify(repository)).code).toBe(0);
  expect((await readSummary(repository.root)).coverage).toMatchObject({
    lines: { covered: 1, total: 1 },
    excludedFiles: 1,
  });
});
