import { realpath } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import type { DatabaseConfig } from "../config/schema.ts";
import type { WorkerDatabase } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import { scrubEnvironment, withoutCaller } from "../git/environment.ts";
import { openRepository } from "../git/repository.ts";
import { prepareReports } from "../project/reports-directory.ts";
import { durationSeconds } from "../shared/duration.ts";
import { RequestError } from "../shared/errors.ts";
import type { Environment, World } from "../shared/world.ts";
import { openDatabases } from "./open-databases.ts";

/** A database for one command that runs outside of a verification. */
export interface CommandDatabase {
  /** The caller's environment, plus the variables that point to the database. */
  readonly environment: Environment;
  /** Drops the database, and stops the server if we started it. */
  close(): Promise<void>;
}

/**
 * Opens a database as the configuration of the current checkout describes it. Throws RequestError where it describes
 * none, and what `openProvision` throws.
 */
export async function openCommandDatabase(caller: World): Promise<CommandDatabase> {
  const world = { ...caller, environment: scrubEnvironment(caller.environment) };
  const { root: mainRoot } = await openRepository(world);
  const loaded = await loadConfig(mainRoot);
  if (loaded === null) {
    throw new RequestError(
      `${mainRoot} has no verify.config.json, which describes the database: run \`npx verify init\`.`,
    );
  }
  const { database, suites, timeout } = loaded.config;
  if (database === false) {
    throw new RequestError(`${loaded.file} says \`"database": false\`, so there is none to run a command with.`);
  }
  const root = await realpath(mainRoot);
  const interruption = follow(world.signal);
  const provision = await openDatabases({
    database,
    checkout: { kind: "working tree", root, otherRoots: [] },
    mainRoot,
    directory: join(root, suites.find((suite) => suite.database)?.root ?? "."),
    url: undefined,
    environment: world.environment,
    timeoutSeconds: durationSeconds(timeout) ?? Number.POSITIVE_INFINITY,
    log: await setupLog(mainRoot, database),
    workers: ["master"],
    signal: interruption.signal,
  });
  try {
    const [own] = await provision.lease(["master"]);
    return { environment: commandEnvironment(caller.environment, own), close: () => provision.close() };
  } catch (error) {
    await provision.close().catch(() => {});
    throw error;
  } finally {
    interruption.stop();
  }
}

/**
 * Stops forwarding interruptions once the command runs: it handles them itself, and its database must stay until it has
 * ended.
 */
function follow(signal: AbortSignal): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return { signal: controller.signal, stop: () => signal.removeEventListener("abort", abort) };
}

/** Where there is no setup, no log is written to the repository. */
async function setupLog(root: string, { setup }: DatabaseConfig): Promise<string> {
  return setup === undefined ? devNull : join((await prepareReports(root)).directory, "database-setup.log");
}

function commandEnvironment(environment: Environment, own: WorkerDatabase | undefined): Environment {
  return { ...withoutPostgresRedirects(withoutCaller(environment)), ...own?.environment };
}
