import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { type AtEnd, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, readSummary } from "../support/verify.ts";
import { linkNodeModules, vitestLedgerDatabase, vitestLedgerFiles } from "../support/vitest-ledger.ts";
import { workers } from "./ledger-ways.ts";
import { memoryDirectory } from "./places.ts";
import { type Environment, timed } from "./programs.ts";
import { startBenchServer, tunedSettings } from "./servers.ts";

/** A module that one test file loads: what `vitest --changed` is best at. */
const leaf = {
  "src/rates.js": "export function rate(days) {\n  return days > 30 ? 0.05 : 0.03;\n}\n",
  "test/rates.test.js":
    'import { expect, test } from "vitest";\nimport { rate } from "../src/rates.js";\n\n' +
    'test("a rate falls within a month", () => expect([rate(31), rate(1)]).toEqual([0.05, 0.03]));\n',
};

/**
 * Times the vitest ledger in full and after small edits: by `vitest run --changed` with coverage, on a server that is up and a
 * database for each worker by hand, and by `verify` with `"incremental": true`. Only the second knows the whole's coverage.
 */
export async function timeVitestChanged(
  size: { readonly files: number; readonly tests: number },
  environment: Environment,
  atEnd: AtEnd,
): Promise<void> {
  const config = configFile({
    incremental: true,
    suites: [{ name: "service", runner: "vitest", command: "vitest run", workers }],
    database: { name: vitestLedgerDatabase, variables: ["DATABASE_URL"] },
  });
  const verified = await makeRepository({ ...vitestLedgerFiles(size), ...leaf, "verify.config.json": config }, atEnd);
  const byHand = await makeRepository({ ...vitestLedgerFiles({ ...size, databasePerWorker: true }), ...leaf }, atEnd);
  for (const { root, git } of [verified, byHand]) {
    await linkNodeModules(root);
    await git("switch", "--quiet", "--create", "feature");
  }
  const databases = Array.from({ length: workers }, (_, worker) => `${vitestLedgerDatabase}_${worker + 1}`);
  const server = await startBenchServer({ parent: await memoryDirectory(), settings: tunedSettings, databases });
  const own = { ...environment, DATABASE_URL: server.url(vitestLedgerDatabase) };
  const changed = ["--changed", "HEAD~1", "--passWithNoTests"];
  const times = async (what: string, words: readonly string[]): Promise<void> => {
    const vitest = await timeVitest(byHand, words, own);
    const verify = await timeVerify(verified, environment);
    console.log(`${what}: vitest ${vitest}; verify ${verify}`);
  };
  const edit = async (file: string, from: string, to: string): Promise<void> => {
    for (const repository of [verified, byHand]) await replaceIn(repository, file, from, to);
  };
  try {
    console.log(`\nThe vitest ledger, ${size.files} files, ${size.tests} tests:`);
    await times("full, recorded", []);
    await edit("src/rates.js", "0.05", "5 / 100");
    await times("a function of a module that one test file loads", changed);
    await edit("src/trade.js", "export async function overdue", "// A comment\nexport async function overdue");
    await times("a comment in a module that all test files load", changed);
    await edit("src/trade.js", "// A comment\n", "");
    await edit("src/trade.js", "{\n  const invoice = ", "{\n  void number;\n  const invoice = ");
    await times("a function of a module that all test files load", changed);
  } finally {
    await server.stop();
  }
}

/** Replaces a text in a file, which has to hold it, and commits that. */
async function replaceIn(repository: Repository, file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(repository.root, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}.`);
  await repository.write({ [file]: text.replace(from, to) });
  await repository.commit(`Edit ${file}`);
}

async function timeVitest({ root }: Repository, words: readonly string[], env: Environment): Promise<string> {
  const program = join(root, "node_modules", ".bin", "vitest");
  const all = ["run", `--maxWorkers=${workers}`, "--coverage.enabled", ...words];
  const { seconds, output } = await timed(process.execPath, [program, ...all], { cwd: root, env });
  const files = /Test Files {2}.*?(\d+) passed/.exec(output)?.[1] ?? "0";
  return `${seconds.toFixed(1)} s, ${files} files ran`;
}

async function timeVerify({ root }: Repository, env: Environment): Promise<string> {
  const program = join(packageRoot, "dist", "main.js");
  const { seconds } = await timed(process.execPath, [program, "--fresh"], { cwd: root, env });
  const [suite] = (await readSummary(root)).suites;
  return `${seconds.toFixed(1)} s, ${suite?.reuse?.ran ?? suite?.files} files ran`;
}
