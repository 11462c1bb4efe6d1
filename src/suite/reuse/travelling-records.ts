import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { makeOwn } from "../../shared/cache.ts";
import { replaceFile } from "../../shared/files.ts";
import { isRecordFile, readRecordBytes, suiteDirectory } from "./record-store.ts";
import { isRunLog } from "./run-log.ts";

/** More is not taken along: the oldest records stay behind. Bytes. */
const mostBytes = 128_000_000;

/** One file of what is recorded, as it leaves a repository. */
const recordSchema = z.object({
  /** The suite's directory: a digest of its name. */
  suite: z.string().regex(/^[0-9a-f]{24}$/),
  name: z.string().regex(/^[\w-]+\.(?:json\.gz|jsonl)$/),
  sha256: z.string(),
  /** Base64. */
  content: z.string(),
});

/** What shards recorded, in the form in which it leaves the repository. */
export const recordsSchema = z.array(recordSchema);
export type TravellingRecords = z.infer<typeof recordsSchema>;

/**
 * The absolute directory under which the records of shards lie: apart from those of this machine's own runs, which are
 * never mixed with what came from somewhere else.
 */
export function travellingDirectory(commonDirectory: string): string {
  return join(commonDirectory, "verify", "shards");
}

/** What shards recorded, the newest first. */
export async function exportRecords(commonDirectory: string): Promise<TravellingRecords> {
  const directory = placeOfSuites(commonDirectory);
  const found: { suite: string; name: string; path: string; at: number; size: number }[] = [];
  for (const suite of await namesIn(directory)) {
    for (const name of await namesIn(join(directory, suite))) {
      if (!recordSchema.shape.suite.safeParse(suite).success || !(isRecordFile(name) || isRunLog(name))) continue;
      const path = join(directory, suite, name);
      const { mtimeMs, size } = await stat(path);
      // The log of runs is short, and without it nothing is reused.
      found.push({ suite, name, path, at: isRunLog(name) ? Number.POSITIVE_INFINITY : mtimeMs, size });
    }
  }
  const records: TravellingRecords = [];
  let bytes = 0;
  for (const { suite, name, path, size } of found.sort((left, right) => right.at - left.at)) {
    bytes += size;
    if (bytes > mostBytes) break;
    const content = await readFile(path);
    records.push({ suite, name, sha256: digestOf(content), content: content.toString("base64") });
  }
  return records;
}

/** How many records were taken over, and how many not, as they are damaged or of another version. */
export interface ImportedRecords {
  readonly taken: number;
  readonly left: number;
}

/**
 * Puts records where shards look for them, in place of all that are there: shards that share a run must have the same. What
 * is not exactly a record of this version is left out.
 */
export async function importRecords(commonDirectory: string, records: TravellingRecords): Promise<ImportedRecords> {
  const directory = placeOfSuites(commonDirectory);
  await rm(directory, { recursive: true, force: true });
  let taken = 0;
  let left = 0;
  for (const { suite, name, sha256, content } of records) {
    const bytes = Buffer.from(content, "base64");
    const isWhole = digestOf(bytes) === sha256;
    const isSound = isWhole && (isRunLog(name) || (await isRecordOf(bytes, { suite, name })));
    const own = join(directory, suite);
    if (isSound && (await makeOwn(directory)) && (await makeOwn(own))) {
      await replaceFile(join(own, name), (path) => writeFile(path, bytes, { mode: 0o600 }));
      if (!isRunLog(name)) taken += 1;
    } else left += 1;
  }
  return { taken, left };
}

/** Whether these bytes are a record of this version, under its own name and that of its suite. */
async function isRecordOf(bytes: Buffer, { suite, name }: { suite: string; name: string }): Promise<boolean> {
  const record = await readRecordBytes(bytes).catch(() => null);
  return record !== null && `${record.key}.json.gz` === name && suiteDirectory("", record.suite).endsWith(suite);
}

function placeOfSuites(commonDirectory: string): string {
  return join(suiteDirectory(travellingDirectory(commonDirectory), "any"), "..");
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith(".")).sort();
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
