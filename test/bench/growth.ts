/**
 * What the program itself takes, in seconds and megabytes, where something about a repository or a push grows: the suite does
 * next to nothing. Each row is to stay flat, or grow by no more than what is read or written; git's own time is in it.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";
import { suiteEnvironment } from "../support/run.ts";
import { tinyConfig, tinyFiles, tinySuite } from "../support/tiny-suite.ts";
import { configFile } from "../support/verify.ts";
import { runToEnd } from "./programs.ts";

const workspace = mkdtempSync(join(tmpdir(), "pushproof-growth-"));
const environment = suiteEnvironment({ ...gitEnvironment(), CI: undefined, XDG_CACHE_HOME: join(workspace, "cache") });
const main = join(packageRoot, "dist", "main.js");

function git(root: string, words: readonly string[], input?: string): string {
  return execFileSync("git", words, {
    cwd: root,
    env: environment,
    input,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  }).trim();
}

type Files = Readonly<Record<string, string | null>>;

let made = 0;

/** A repository with the tiny suite and more, or other, files. */
async function makeRoot(files: Files = {}): Promise<string> {
  const root = join(workspace, String(made++));
  mkdirSync(root);
  git(root, ["init", "--quiet", "--initial-branch=main"]);
  await writeFiles(root, { ...tinyFiles(), ...files });
  git(root, ["add", "--all"]);
  git(root, ["commit", "--quiet", "--message", "Begin"]);
  return root;
}

/** What a run took. */
interface Cost {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Runs the program; throws where it ends otherwise than expected. */
async function run(root: string, words: readonly string[], expected = 0, input?: string): Promise<Cost> {
  const file = join(workspace, "input");
  writeFileSync(file, input ?? "");
  // A shell that becomes the program, so that the memory is the program's.
  const command = 'file=$1; shift; exec "$@" <"$file"';
  const program = ["-c", command, "sh", file, process.execPath, main, ...words];
  const { code, output, seconds, peakMegabytes } = await runToEnd("sh", program, { cwd: root, env: environment });
  if (code !== expected) throw new Error(`verify ${words.join(" ")} ended with ${code}:\n${output.slice(-3000)}`);
  return { seconds, megabytes: peakMegabytes ?? Number.NaN };
}

const zero = "0".repeat(40);

async function pushOf(refs: number, isProven: boolean): Promise<Cost> {
  const root = await makeRoot();
  const commit = git(root, ["rev-parse", "HEAD"]);
  const names = Array.from({ length: refs }, (_, index) => `refs/tags/t${index}`);
  git(root, ["update-ref", "--stdin"], names.map((name) => `create ${name} ${commit}\n`).join(""));
  if (isProven) await run(root, []);
  const lines = names.map((name) => `${name} ${commit} ${name} ${zero}\n`).join("");
  return await run(root, ["pre-push", "--", "origin", root], 0, lines);
}

async function annotatedTags(count: number): Promise<Cost> {
  const root = await makeRoot();
  const commit = git(root, ["rev-parse", "HEAD"]);
  const tag = (index: number): string => `tag t${index}\nfrom ${commit}\ntagger A <a@example.com> 1 +0000\ndata 1\nx\n`;
  git(root, ["fast-import", "--quiet"], Array.from({ length: count }, (_, index) => tag(index)).join(""));
  const tags = git(root, ["for-each-ref", "--format=%(refname) %(objectname)", "refs/tags"]).split("\n");
  return await run(
    root,
    ["pre-push", "--", "origin", root],
    0,
    tags.map((line) => `${line} ${line.split(" ")[0]} ${zero}\n`).join(""),
  );
}

async function filesOf(count: number): Promise<Cost> {
  const many = Array.from({ length: count }, (_, index) => [`many/${index % 300}/${index}.txt`, `${index}\n`] as const);
  return await run(await makeRoot(Object.fromEntries(many)), []);
}

async function unknownKeys(count: number): Promise<Cost> {
  const keys = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));
  return await run(
    await makeRoot({ "verify.config.json": configFile({ suites: [tinySuite], database: false, ...keys }) }),
    [],
    2,
  );
}

/** Workers, each with a database, that connect to it: eight test files for each. */
async function workers(count: number): Promise<Cost> {
  const pg = createRequire(join(packageRoot, "package.json")).resolve("pg");
  const test = `const { Client } = require(${JSON.stringify(pg)});
require("node:test").test("a", async () => {
  require("../src/a.js");
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.end();
});\n`;
  const tests = Array.from({ length: 64 }, (_, index) => [`test/${index}.test.js`, test] as const);
  const suite = { name: "many", runner: "node", command: "node --test", source: ["src"], workers: count };
  const config = configFile({ suites: [suite], database: { name: "many_test" } });
  return await run(
    await makeRoot({ ...Object.fromEntries(tests), "src/a.js": "exports.a = 1;\n", "verify.config.json": config }),
    [],
  );
}

/** A script that writes so many megabytes. */
const writer = (megabytes: number, text: string): string =>
  `const fs = require("node:fs");\nconst text = ${text};\nfor (let at = 0; at < ${megabytes << 20}; at += text.length) fs.writeSync(1, text);\n`;

async function output(megabytes: number): Promise<Cost> {
  const more = { "talk.js": writer(megabytes, '"x".repeat(1 << 16)') };
  return await run(await makeRoot({ ...more, "suite.sh": `node talk.js\n${tinyFiles()["suite.sh"]}` }), []);
}

/** One file of coverage, with records of a thousand source files over and over. */
async function lcov(megabytes: number): Promise<Cost> {
  const root = await makeRoot(tinyConfig({ suites: [{ ...tinySuite, coverage: ["out/*.info", "big.info"] }] }));
  const lines = Array.from({ length: 100 }, (_, line) => `DA:${line + 1},1\n`).join("");
  const record = Array.from({ length: 1000 }, (_, file) => `SF:src/${file}.txt\n${lines}end_of_record\n`).join("");
  const names = Array.from({ length: 1000 }, (_, file) => [`src/${file}.txt`, "x\n".repeat(100)] as const);
  await writeFiles(root, Object.fromEntries(names));
  // The suite makes it, as what was there before the run is no coverage of its own.
  const file = openSync(join(workspace, "big.info"), "w");
  for (let written = 0; written < megabytes << 20; written += record.length) writeSync(file, record);
  closeSync(file);
  await writeFiles(root, {
    ".gitignore": "out\nbig.info\n",
    "suite.sh": `cp ${join(workspace, "big.info")} big.info\n${tinyFiles()["suite.sh"]}`,
  });
  git(root, ["add", "--all"]);
  git(root, ["commit", "--quiet", "--message", "Coverage"]);
  return await run(root, []);
}

/** What grows, and by how much. */
const rows: readonly (readonly [string, (count: number) => Promise<Cost>, readonly number[]])[] = [
  ["refs of a verified commit in one push", (count) => pushOf(count, true), [1, 1000, 5000]],
  ["refs of a new commit in one push", (count) => pushOf(count, false), [1, 5000]],
  ["annotated tags of a new commit", annotatedTags, [1, 1000]],
  ["unknown keys", unknownKeys, [1, 60_000]],
  ["files", filesOf, [100, 100_000]],
  ["workers, 64 test files", workers, [2, 64]],
  ["MB of output in one line", output, [1, 100, 500]],
  ["MB of LCOV", lcov, [1, 500]],
];

const [, , only] = process.argv;
try {
  console.log("The program itself, its suite and git's work included in the time alone:");
  for (const [name, measure, counts] of rows.filter(([row]) => only === undefined || row.includes(only))) {
    for (const count of counts) {
      const { seconds, megabytes } = await measure(count);
      console.log(
        `  ${name.padEnd(40)} ${String(count).padStart(7)} ${seconds.toFixed(2).padStart(8)} s ${megabytes.toFixed(0).padStart(6)} MB`,
      );
    }
  }
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
