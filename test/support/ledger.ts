import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { skewedSizes, templateFiles } from "./ledger/generate.ts";
import { deselected, scenarios, testFileHeader, untestedModule } from "./ledger/scenarios.ts";
import type { Files } from "./repository.ts";

/** The marker expression that leaves out what a developer's machine cannot run. */
export const ledgerCommand = 'pytest -m "not slow and not e2e"';

/** The base name of the ledger's database, as its conftest has it. */
export const ledgerDatabase = "finance_report_test";

export interface LedgerOptions {
  /** Test files; 6 by default. */
  readonly files?: number;
  /**
   * Tests that `ledgerCommand` runs, at least 12 and at least one a file; 24 by default, which is also what it takes
   * for two workers on one shared database to collide many times.
   */
  readonly tests?: number;
  /** `low` adds sources that nothing covers, so that a gate of 95 % closes. */
  readonly coverage?: "high" | "low";
  /** Makes exactly one test fail, with a difference between two dictionaries. */
  readonly broken?: boolean;
  /** The directory of the backend in the repository, such as `apps/backend`; the root by default. */
  readonly root?: string;
  /** Gives each xdist worker a database by hand, as a careful person would: the URL with `_gw0`, `_gw1`, … appended. */
  readonly databasePerWorker?: boolean;
  /** Makes the schema once by hand, and deletes the rows after each test. */
  readonly schemaOnce?: boolean;
}

/**
 * The files of a finance backend: SQLAlchemy models of 33 tables, services, and a pytest suite whose engine fixture
 * creates the schema before each test and drops it after, on the one database of TEST_DATABASE_URL. The same options
 * give the same files.
 */
export function ledgerFiles(options: LedgerOptions = {}): Files {
  const { files = 6, tests = 24, coverage = "high", broken = false, root = "." } = options;
  const backend = { ...templateFiles(templates, [".py", ".toml"]), ...testFiles(files, tests, broken) };
  if (coverage === "low") backend["src/ledger/services/legacy_import.py"] = untestedModule();
  backend["tests/conftest.py"] = conftestFor(options, backend["tests/conftest.py"] ?? "");
  const placed = Object.entries(backend).map(([file, content]) => [posix.join(root, file), content]);
  return { ".gitignore": readFileSync(join(templates, "gitignore"), "utf8"), ...Object.fromEntries(placed) };
}

const templates = fileURLToPath(new URL("ledger", import.meta.url));

const topics = ["journal", "invoices", "payments", "budgets", "currencies", "statements", "periods", "reports"];

function testFiles(files: number, tests: number, broken: boolean): Record<string, string> {
  const sizes = skewedSizes(files, tests, scenarios.length);
  const result: Record<string, string> = {};
  let number = 0;
  for (const [index, size] of sizes.entries()) {
    const parts = [testFileHeader];
    for (let position = 0; position < size; position++, number++) parts.push(testSource(number, broken));
    const extra = deselected[index];
    if (extra !== undefined) parts.push(extra);
    result[testFileName(index)] = parts.join("\n\n");
  }
  return result;
}

function testFileName(index: number): string {
  const topic = topics[index % topics.length];
  const round = Math.floor(index / topics.length);
  return round === 0 ? `tests/test_${topic}.py` : `tests/test_${topic}_${round + 1}.py`;
}

function testSource(number: number, broken: boolean): string {
  const scenario = scenarios[number % scenarios.length];
  const amount = 1000 + number * 37;
  // The very first test is the broken one: it is there at every scale.
  return scenario === undefined ? "" : scenario(amount, broken && number === 0);
}

function conftestFor({ databasePerWorker = false, schemaOnce = false }: LedgerOptions, conftest: string): string {
  const named = databasePerWorker ? beforeEngine(conftest, suffixPerWorker) : conftest;
  if (!schemaOnce) return named;
  const once = beforeEngine(named, schemaOfSession).replace("def engine():", "def engine(schema):");
  return once
    .replace("    Base.metadata.create_all(engine)\n    yield", "    yield")
    .replace("    Base.metadata.drop_all(engine)\n    engine.dispose", "    clear(engine)\n    engine.dispose");
}

const suffixPerWorker = `
if "PYTEST_XDIST_WORKER" in os.environ:
    TEST_DATABASE_URL += "_" + os.environ["PYTEST_XDIST_WORKER"]
`;

const schemaOfSession = `

@pytest.fixture(scope="session")
def schema():
    Base.metadata.create_all(make_engine(TEST_DATABASE_URL))


CLEARING = "; ".join('DELETE FROM "%s"' % table.name for table in reversed(Base.metadata.sorted_tables))


def clear(engine):
    """All rows in one statement, which is the least there could be."""
    with engine.begin() as connection:
        connection.exec_driver_sql(CLEARING)
`;

function beforeEngine(conftest: string, code: string): string {
  const fixture = "\n\n@pytest.fixture\ndef engine():";
  if (!conftest.includes(fixture)) throw new Error("The ledger's conftest has no engine fixture.");
  return conftest.replace(fixture, code + fixture);
}
