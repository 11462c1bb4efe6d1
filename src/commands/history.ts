import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod";
import { openRepository } from "../git/repository.ts";
import { History, type HistoryEntry } from "../report/history.ts";
import { type ExitCode, exitCodes, messageOf, RequestError } from "../shared/errors.ts";
import { replaceFile } from "../shared/files.ts";
import { plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { durationsSchema, exportDurations, importDurations } from "../suite/schedule/travelling-durations.ts";

/** More runs than anything compares with. */
const mostRuns = 500;

const historySchema = z.object({
  schema: z.literal(1),
  durations: durationsSchema,
  runs: z.array(z.looseObject({ schema: z.literal(1), at: z.iso.datetime(), commit: z.string() })),
});

/**
 * Writes durations and earlier runs to a file, for a CI cache or artifact; to standard output for `-`. Returns the exit
 * code.
 */
export async function exportHistory(file: string, world: World): Promise<ExitCode> {
  const { commonDirectory } = await openRepository(world);
  const durations = await exportDurations(commonDirectory);
  const runs = await new History(commonDirectory).last(mostRuns);
  const text = `${JSON.stringify({ schema: 1, durations, runs })}\n`;
  if (file === "-") {
    world.output.write(text);
    return exitCodes.verified;
  }
  await replaceFile(resolve(world.directory, file), text);
  const suites = Object.values(durations).reduce((sum, branch) => sum + Object.keys(branch).length, 0);
  world.output.write(`${file} holds the durations of ${plural(suites, "suite")}, and ${plural(runs.length, "run")}.\n`);
  return exitCodes.verified;
}

/**
 * Takes over what `exportHistory` wrote, here or elsewhere; what is there stays, but for durations of the same branch and
 * suite. A missing file is no error, as a first CI run has none. Returns the exit code; throws RequestError for a file that
 * holds something else.
 */
export async function importHistory(file: string, world: World): Promise<ExitCode> {
  const { commonDirectory } = await openRepository(world);
  const text = await readFile(resolve(world.directory, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new RequestError(`${file} cannot be read: ${messageOf(error)}.`);
  });
  if (text === null) {
    world.output.write(`There is no ${file}: tests are dealt out by the size of their files.\n`);
    return exitCodes.verified;
  }
  const { durations, runs } = parseHistory(file, text);
  const suites = await importDurations(commonDirectory, durations);
  const history = new History(commonDirectory);
  const known = new Set((await history.last(mostRuns)).map(keyOf));
  const fresh = runs.filter((run) => !known.has(keyOf(run))) as unknown as HistoryEntry[];
  for (const run of fresh) await history.add(run);
  world.output.write(`Took over the durations of ${plural(suites, "suite")}, and ${plural(fresh.length, "run")}.\n`);
  return exitCodes.verified;
}

function parseHistory(file: string, text: string): z.infer<typeof historySchema> {
  try {
    return historySchema.parse(JSON.parse(text));
  } catch {
    throw new RequestError(`${file} is not what \`verify history export\` writes.`);
  }
}

function keyOf({ at, commit }: { readonly at: string; readonly commit: string }): string {
  return `${at} ${commit}`;
}
