import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { replaceFile } from "../../shared/files.ts";
import { durationsDirectory, durationsFileName } from "./durations.ts";

const seconds = z.number().nonnegative();
/** A suite's durations, as their file holds them: seconds by file and test. */
const suiteSchema = z.object({
  schema: z.literal(1),
  files: z.record(z.string(), z.record(z.string(), seconds)),
});

/** Durations of all branches and suites, in the form in which they leave the repository. */
export const durationsSchema = z.record(z.string(), z.record(z.string(), suiteSchema));
export type TravellingDurations = z.infer<typeof durationsSchema>;

/** The durations that a repository has, by branch and suite; what cannot be read is left out. */
export async function exportDurations(commonDirectory: string): Promise<TravellingDurations> {
  const directory = durationsDirectory(commonDirectory);
  const branches: [string, TravellingDurations[string]][] = [];
  for (const branch of await namesIn(directory)) {
    const suites: [string, z.infer<typeof suiteSchema>][] = [];
    for (const file of await namesIn(join(directory, branch))) {
      const text = await readFile(join(directory, branch, file), "utf8").catch(() => "");
      const read = suiteSchema.safeParse(parsed(text));
      if (read.success) suites.push([decodeURIComponent(file.replace(/\.json$/, "")), read.data]);
    }
    branches.push([decodeURIComponent(branch), Object.fromEntries(suites)]);
  }
  return Object.fromEntries(branches);
}

/** Puts durations where runs look for them, in place of those of the same branch and suite. Returns how many suites had some. */
export async function importDurations(commonDirectory: string, durations: TravellingDurations): Promise<number> {
  const directory = durationsDirectory(commonDirectory);
  const all = Object.entries(durations).flatMap(([branch, suites]) =>
    Object.entries(suites).map(([suite, content]) => ({ branch, suite, content })),
  );
  for (const { branch, suite, content } of all) {
    const path = join(directory, durationsFileName(branch), `${durationsFileName(suite)}.json`);
    await replaceFile(path, `${JSON.stringify(content)}\n`);
  }
  return all.length;
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith(".")).sort();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
