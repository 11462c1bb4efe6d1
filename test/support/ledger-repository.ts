import { type LedgerOptions, ledgerCommand, ledgerDatabase, ledgerFiles } from "./ledger.ts";
import { type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile, useHook } from "./verify.ts";
import { linkNodeModules, type VitestLedgerOptions, vitestLedgerDatabase, vitestLedgerFiles } from "./vitest-ledger.ts";

/** A repository with the ledger backend, its configuration and the hook; nothing is pushed yet. */
export async function makeLedger(options: LedgerOptions = {}, more: Files = {}): Promise<Repository> {
  const repository = await makeRepository({ ...ledgerFiles(options), "verify.config.json": ledgerConfig(), ...more });
  await useHook(repository);
  return repository;
}

/** The configuration of the ledger, with changes to its `database`. */
export function ledgerConfig(database: object = {}, more: object = {}): string {
  return configFile({
    suites: [{ name: "backend", runner: "pytest", command: ledgerCommand, source: ["src"], workers: 2 }],
    database: { name: ledgerDatabase, variables: { TEST_DATABASE_URL: "postgresql+psycopg2" }, ...database },
    ...more,
  });
}

/** The same for the vitest ledger. */
export async function makeVitestLedger(options: VitestLedgerOptions = {}, more: Files = {}): Promise<Repository> {
  const repository = await makeRepository({
    ...vitestLedgerFiles(options),
    "verify.config.json": configFile({
      suites: [{ name: "service", runner: "vitest", command: "vitest run", workers: 2 }],
      database: { name: vitestLedgerDatabase, variables: ["DATABASE_URL"] },
    }),
    ...more,
  });
  await linkNodeModules(repository.root);
  await useHook(repository);
  return repository;
}
