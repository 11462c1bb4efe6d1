import { loadConfig } from "../config/load.ts";
import { type Cleaning, cleanEmbedded, cleanExternal } from "../database/cleaning.ts";
import { clearCaches } from "../database/embedded/cluster/template-cache.ts";
import { type EmbeddedRun, listEmbeddedDatabases, listEmbeddedRuns } from "../database/embedded/server/inventory.ts";
import { listExternalDatabases, withExternalServer } from "../database/external/inventory.ts";
import { serverUrl } from "../database/url.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { sweepRepository } from "../pipeline/sweep.ts";
import { databaseTable } from "../report/terminal/database-table.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import type { Swept } from "../shared/process-owner.ts";
import { formatBytes, plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { sweepScratch } from "../suite/scratch.ts";

export interface ListOptions {
  readonly databaseUrl?: string | undefined;
  /** Prints the list as JSON. */
  readonly json?: boolean | undefined;
  /** Includes the runs of other repositories. */
  readonly all?: boolean | undefined;
}

export interface CleanOptions {
  readonly databaseUrl?: string | undefined;
  /** Also clears what is cached between runs. */
  readonly cache?: boolean | undefined;
}

/**
 * Lists the databases of runs: on this user's embedded servers and, where one is given, on the external server. In a
 * repository only its own runs are listed, unless `all` is set. Throws UnavailableError, after listing the rest, where
 * the external server cannot be reached.
 */
export async function listDatabases({ databaseUrl, json, all }: ListOptions, world: World): Promise<ExitCode> {
  const { repository, url } = await findPlaces(databaseUrl, world);
  const everyRun = await listEmbeddedRuns();
  const runs = all || repository === null ? everyRun : await runsOf(repository, everyRun, world);
  const embedded = await Promise.all(runs.map((run) => listEmbeddedDatabases(run)));
  const external = await Promise.allSettled(
    url === undefined ? [] : [withExternalServer(url, world, listExternalDatabases)],
  );
  const databases = [...embedded.flat(), ...external.flatMap((end) => (end.status === "fulfilled" ? end.value : []))];
  const ended = runs.filter((run, index) => !run.isLive && embedded[index]?.length === 0).map(({ path }) => path);
  const others = everyRun.length - runs.length;
  const lines = [
    ...databaseTable(databases, ended, new Date()),
    ...(others === 0 ? [] : [`${plural(others, "server")} of other repositories: \`verify db list --all\`.`]),
  ];
  const text = json ? JSON.stringify(databases, null, 2) : lines.join("\n");
  world.output.write(`${text}\n`);
  for (const end of external) if (end.status === "rejected") throw end.reason;
  return exitCodes.verified;
}

/**
 * Removes what no live run owns and prints it: embedded servers, directories, worktrees of this repository, databases
 * on a given external server, and the cache where requested. Throws UnavailableError, after removing the rest, where
 * the external server cannot be reached.
 */
export async function cleanDatabases({ databaseUrl, cache }: CleanOptions, world: World): Promise<ExitCode> {
  // Reads everything before anything is removed.
  const { repository, url } = await findPlaces(databaseUrl, world);
  const report = openReport(world);
  report.tell(await cleanEmbedded());
  report.tell(cleaningOf(await sweepScratch(world.environment)));
  if (repository !== null) report.tell(cleaningOf(await sweepRepository(repository, world.environment)));
  if (cache) await emptyCaches(world, report);
  if (url !== undefined) report.tell(await withExternalServer(url, world, cleanExternal));
  return report.end();
}

/** The runs of a repository in any of its checkouts, and runs that do not name a directory. */
async function runsOf(
  { commonDirectory }: Repository,
  runs: readonly EmbeddedRun[],
  world: World,
): Promise<EmbeddedRun[]> {
  const isOurs = await Promise.all(
    runs.map(async ({ note }) => {
      if (note === null) return true;
      const other = await openRepository({ ...world, directory: note.directory }).catch(() => null);
      return other?.commonDirectory === commonDirectory;
    }),
  );
  return runs.filter((_, index) => isOurs[index]);
}

/** The current repository, if any, and the given external server, if any. */
async function findPlaces(
  option: string | undefined,
  world: World,
): Promise<{ repository: Repository | null; url: string | undefined }> {
  const repository = await openRepository(world).catch((error: unknown) => {
    if (error instanceof RequestError) return null;
    throw error;
  });
  const database = repository && (await loadConfig(repository.root))?.config.database;
  return { repository, url: serverUrl(database || { url: undefined }, option, world.environment) };
}

function cleaningOf(swept: readonly Swept[]): Cleaning {
  const paths = (isGone: boolean): string[] => swept.filter((one) => one.isGone === isGone).map(({ path }) => path);
  return { removed: paths(true), left: [], failed: paths(false) };
}

async function emptyCaches({ environment }: World, report: Report): Promise<void> {
  const { files, bytes, live } = await clearCaches(environment);
  if (files > 0) report.say(`Emptied the cache: ${plural(files, "file")}, ${formatBytes(bytes)}`);
  else if (live.length === 0) report.say("The cache is empty.");
  report.tell({ removed: [], left: live.map((path) => `${path}, which a live run needs`), failed: [] });
}

interface Report {
  say(line: string): void;
  tell(cleaning: Cleaning): void;
  end(): ExitCode;
}

function openReport({ output, errors }: World): Report {
  let [didRemove, didFail] = [false, false];
  const say = (line: string): void => {
    output.write(`${line}\n`);
    didRemove = true;
  };
  return {
    say,
    tell: ({ removed, left, failed }) => {
      for (const what of removed) say(`Removed ${what}`);
      for (const what of left) output.write(`Left ${what}\n`);
      for (const what of failed) errors.write(`Could not remove ${what}\n`);
      didFail ||= failed.length > 0;
    },
    end: () => {
      if (!didRemove && !didFail) output.write("Nothing to remove.\n");
      return didFail ? exitCodes.unavailable : exitCodes.verified;
    },
  };
}
