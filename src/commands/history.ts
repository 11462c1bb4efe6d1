import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SimpleGit } from "simple-git";
import * as z from "zod";
import { openRepository } from "../git/repository.ts";
import { rootCommit } from "../git/root-commit.ts";
import { History, type HistoryEntry } from "../report/history.ts";
import { type ExitCode, exitCodes, messageOf, RequestError } from "../shared/errors.ts";
import { replaceFile } from "../shared/files.ts";
import { plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { isRecordFile } from "../suite/reuse/record-store.ts";
import { exportRecords, importRecords, recordsSchema } from "../suite/reuse/travelling-records.ts";
import { durationsSchema, exportDurations, importDurations } from "../suite/schedule/travelling-durations.ts";

/** More runs than anything compares with. */
const mostRuns = 500;

const historySchema = z.object({
  schema: z.literal(1),
  durations: durationsSchema,
  runs: z.array(z.looseObject({ schema: z.literal(1), at: z.iso.datetime(), commit: z.string() })),
  /** The repository's first commit; null where a shallow clone does not know it. */
  repository: z.string().nullable().optional(),
  records: recordsSchema.optional(),
});

/**
 * Writes durations, earlier runs and what shards recorded to a file, for a CI cache or artifact; to standard output for `-`.
 * Returns the exit code.
 */
export async function exportHistory(file: string, world: World): Promise<ExitCode> {
  const { commonDirectory, git } = await openRepository(world);
  const durations = await exportDurations(commonDirectory);
  const runs = await new History(commonDirectory).last(mostRuns);
  const records = await exportRecords(commonDirectory);
  const text = `${JSON.stringify({ schema: 1, durations, runs, repository: await firstCommit(git), records })}\n`;
  if (file === "-") {
    world.output.write(text);
    return exitCodes.verified;
  }
  await replaceFile(resolve(world.directory, file), text);
  const suites = Object.values(durations).reduce((sum, branch) => sum + Object.keys(branch).length, 0);
  const more =
    records.length === 0
      ? ""
      : ` It holds ${plural(records.filter(({ name }) => isRecordFile(name)).length, "record")} of what shards can reuse.`;
  world.output.write(
    `${file} holds the durations of ${plural(suites, "suite")}, and ${plural(runs.length, "run")}.${more}\n`,
  );
  return exitCodes.verified;
}

/**
 * Takes over what `exportHistory` wrote, here or elsewhere; what is there stays, but for durations of the same branch and
 * suite, and for what shards recorded, of which all of them must have the same. A missing file is no error, as a first CI run has none. Returns the exit code; throws RequestError for a file that
 * holds something else.
 */
export async function importHistory(file: string, world: World): Promise<ExitCode> {
  const { commonDirectory, git } = await openRepository(world);
  const text = await readFile(resolve(world.directory, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new RequestError(`${file} cannot be read: ${messageOf(error)}.`);
  });
  if (text === null) {
    // What one machine has left must not make it decide otherwise than those that begin empty.
    await importRecords(commonDirectory, []);
    world.output.write(`There is no ${file}: tests are dealt out by the size of their files.\n`);
    return exitCodes.verified;
  }
  const { durations, runs, repository = null, records = [] } = parseHistory(file, text);
  const suites = await importDurations(commonDirectory, durations);
  const history = new History(commonDirectory);
  const known = new Set((await history.last(mostRuns)).map(keyOf));
  const fresh = runs.filter((run) => !known.has(keyOf(run))) as unknown as HistoryEntry[];
  for (const run of fresh) await history.add(run);
  const own = await firstCommit(git);
  const isForeign = own !== null && repository !== null && own !== repository;
  const { taken, left } = await importRecords(commonDirectory, isForeign ? [] : records);
  const more = taken === 0 ? "" : ` Shards can reuse ${plural(taken, "record")}.`;
  world.output.write(
    `Took over the durations of ${plural(suites, "suite")}, and ${plural(fresh.length, "run")}.${more}\n`,
  );
  if (isForeign && records.length > 0)
    world.output.write(`What shards recorded is left out: ${file} is of another repository.\n`);
  if (left > 0)
    world.output.write(
      `${plural(left, "record")} ${left === 1 ? "is" : "are"} left out, damaged or of another version of pushproof.\n`,
    );
  return exitCodes.verified;
}

function parseHistory(file: string, text: string): z.infer<typeof historySchema> {
  try {
    return historySchema.parse(JSON.parse(text));
  } catch {
    throw new RequestError(`${file} is not what \`verify history export\` writes.`);
  }
}

async function firstCommit(git: SimpleGit): Promise<string | null> {
  return await rootCommit(git, "HEAD").catch(() => null);
}

function keyOf({ at, commit }: { readonly at: string; readonly commit: string }): string {
  return `${at} ${commit}`;
}
