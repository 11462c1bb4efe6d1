import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../src/shared/paths.ts";
import { skewedSizes, templateFiles } from "./ledger/generate.ts";
import type { Files } from "./repository.ts";
import { scenarios, testFileHeader, untestedModule } from "./vitest-ledger/scenarios.ts";

/** The base name of the database in the vitest ledger's own default URL. */
export const vitestLedgerDatabase = "ledger_service_test";

export interface VitestLedgerOptions {
  /** Test files; 4 by default. */
  readonly files?: number;
  /** Tests, at least 5 and at least one a file; 20 by default. */
  readonly tests?: number;
  /** `low` adds sources that nothing covers, so that a gate of 95 % closes. */
  readonly coverage?: "high" | "low";
  /** Makes exactly one test fail, with a difference between two objects. */
  readonly broken?: boolean;
  /** Gives each vitest worker a database by hand: the URL with `_1`, `_2`, … appended. */
  readonly databasePerWorker?: boolean;
}

/**
 * The files of a JavaScript backend on `pg` with a vitest suite that drops and creates its schema before each test, on
 * the one database of DATABASE_URL. It needs `linkNodeModules`. The same options give the same files.
 */
export function vitestLedgerFiles(options: VitestLedgerOptions = {}): Files {
  const { files = 4, tests = 20, coverage = "high", broken = false, databasePerWorker = false } = options;
  const backend = templateFiles(templates, [".js", ".json"]);
  let number = 0;
  for (const [index, size] of skewedSizes(files, tests, scenarios.length).entries()) {
    const sources = Array.from({ length: size }, () => testSource(number++, broken));
    backend[`test/books-${index + 1}.test.js`] = [testFileHeader, ...sources].join("\n");
  }
  if (coverage === "low") backend["src/legacy-import.js"] = untestedModule();
  if (databasePerWorker) {
    // A module of its own: imports run before all else, and the URL is read at import.
    backend["test/worker-database.js"] = 'process.env.DATABASE_URL += "_" + process.env.VITEST_POOL_ID;\n';
    backend["test/setup.js"] = `import "./worker-database.js";\n${backend["test/setup.js"]}`;
  }
  return { ".gitignore": "node_modules/\ncoverage/\n", ...backend };
}

/**
 * Gives a directory the packages of the vitest ledger as links to this package's own, in a moment where an install would
 * take many seconds.
 */
export async function linkNodeModules(root: string): Promise<void> {
  const names = ["vitest", "@vitest/coverage-v8", "pg", "tsx"];
  for (const name of names) await link(root, name, join(packageRoot, "node_modules", name));
  await link(root, ".bin/vitest", join(packageRoot, "node_modules", "vitest", "vitest.mjs"));
}

async function link(root: string, name: string, target: string): Promise<void> {
  const path = join(root, "node_modules", name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

const templates = fileURLToPath(new URL("vitest-ledger", import.meta.url));

function testSource(number: number, broken: boolean): string {
  const scenario = scenarios[number % scenarios.length];
  // The very first test is the broken one: it is there at every scale.
  return scenario === undefined ? "" : scenario(1000 + number * 37, broken && number === 0);
}
