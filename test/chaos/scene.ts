import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { type AtEnd, makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { suiteEnvironment } from "../support/run.ts";
import { configFile, useHook } from "../support/verify.ts";

/** A repository in which runs are killed, with everything in it that somebody could lose. */
export interface Scene {
  readonly repository: Repository;
  /** Whether it has uncommitted changes, so that runs get a worktree. */
  readonly isDirty: boolean;
  /** The commit that a push sends, and the one that the remote has before. */
  readonly pushed: string;
  readonly before: string;
  /** The tests that a run of everything runs, and those of the suite without a database. */
  readonly tests: readonly string[];
  readonly plainTests: readonly string[];
  /** The directories in which the runs make temporary files, and keep what they cache. */
  readonly temporary: string;
  readonly cache: string;
  /** Where a test writes its name as soon as it has passed. */
  readonly passed: string;
  readonly environment: Environment;
  /** `NAME=VALUE`, in the environment of all that the runs start. */
  readonly mark: string;
}

const pg = createRequire(join(packageRoot, "package.json")).resolve("pg");
const header = `const fs = require("node:fs");
const test = require("node:test");
const { add } = require("../src/sums.js");
const { Client } = require(${JSON.stringify(pg)});
const passed = (name) => fs.appendFileSync(process.env.CHAOS_PASSED, name + "\\n");
`;

function bookTest(number: number): string {
  return `${header}for (const name of ["${number}a", "${number}b"]) test(name, async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query("CREATE TABLE IF NOT EXISTS entries (amount integer)");
  await client.query("INSERT INTO entries VALUES ($1)", [add(1, 2)]);
  await client.query("SELECT pg_sleep(0.1)");
  await client.end();
  passed(name);
});
`;
}

const files = {
  ".gitignore": "out/\nignored.txt\n",
  "src/sums.js": "exports.add = (left, right) => left + right;\n",
  "test/books-1.test.js": bookTest(1),
  "test/books-2.test.js": bookTest(2),
  "plain.sh": [
    'mkdir -p out && echo plain >>"$CHAOS_PASSED"',
    `echo '<testsuite><testcase name="plain" file="plain.sh" time="0.01"/></testsuite>' >out/report.xml`,
    "printf 'SF:src/sums.js\\nDA:1,1\\nend_of_record\\n' >out/coverage.info",
    "",
  ].join("\n"),
  "verify.config.json": configFile({
    suites: [
      { name: "books", runner: "node", command: "node --test", source: ["src"], workers: 2 },
      {
        name: "plain",
        runner: "command",
        command: "sh plain.sh",
        results: ["out/*.xml"],
        coverage: ["out/*.info"],
        database: false,
      },
    ],
    database: { name: "books_test" },
  }),
  "notes.txt": "first\n",
  "binary.dat": "\u0000\u0001\u0002\n",
};

/** Makes a scene; `name` marks what it starts. */
export async function makeScene(isDirty: boolean, name: string, cache: string, atEnd: AtEnd): Promise<Scene> {
  const repository = await makeRepository(files, atEnd);
  const { git, write } = repository;
  const before = await git("rev-parse", "HEAD");
  await git("push", "--quiet", "origin", "main");
  await write({ "notes.txt": "stashed\n", "stashed.txt": "kept in the stash\n" });
  await git("stash", "push", "--quiet", "--include-untracked");
  await git("tag", "--annotate", "v1", "--message", "The first");
  await git("branch", "other");
  await write({ "notes.txt": "second\n" });
  const pushed = await repository.commit("Second");
  await useHook(repository);
  await write({ "ignored.txt": "of the user, not of git\n" });
  if (isDirty) {
    await write({ "notes.txt": "staged\n", "added.txt": "staged, too\n" });
    await git("add", "notes.txt", "added.txt");
    await write({ "notes.txt": "not staged\n", "untracked/\u00e4 file.txt": "nobody has it but the user\n" });
  }
  const temporary = await makeDirectory(atEnd);
  const passed = join(await makeDirectory(atEnd), "passed");
  const mark = `PUSHPROOF_CHAOS=${name}`;
  const environment = suiteEnvironment({
    ...repository.environment,
    TMPDIR: temporary,
    XDG_CACHE_HOME: cache,
    CHAOS_PASSED: passed,
    PUSHPROOF_CHAOS: name,
    VERIFY_DATABASE_URL: undefined,
    CI: undefined,
  });
  const plainTests = ["plain"];
  const tests = ["1a", "1b", "2a", "2b", ...plainTests];
  return { repository, isDirty, pushed, before, tests, plainTests, temporary, cache, passed, environment, mark };
}
