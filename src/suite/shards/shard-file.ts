import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import * as z from "zod";
import { runnerFacts } from "../../config/runner-facts.ts";
import { type Shard, shardText } from "../../config/shard.ts";
import { mergeLcov, writeLcov } from "../../coverage/lcov/merge.ts";
import { type Coverage, SourceCoverage } from "../../coverage/lcov/source-coverage.ts";
import type { PartlyReused } from "../../model/reuse.ts";
import type { RunRecord } from "../../model/run-record.ts";
import type { CheckSummary, SuiteSummary } from "../../model/summary.ts";
import { messageOf, RequestError, UnavailableError } from "../../shared/errors.ts";
import { replaceFile } from "../../shared/files.ts";
import { canonicalPath, nameWithin } from "../../shared/within.ts";
import type { Decided } from "../reuse/decided.ts";
import type { ShardTrace } from "../reuse/record-merged.ts";
import { type StoredMeasuring, type StoredOutcome, withoutRoot } from "../reuse/stored-outcome.ts";
import { readTracedRun } from "../reuse/test-files.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import type { Dealt } from "./deal.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** A damaged file must not expand without a limit. Bytes. */
const largestContent = 400_000_000;

/** What all shards of one run have in common. */
export interface ShardedRun {
  /** The version of this program. */
  readonly version: string;
  readonly commit: string;
  readonly tree: string;
  /** The digest of the configuration. */
  readonly configuration: string;
  /** System and runtimes, and whose server it was, as in receipts. */
  readonly environment: string;
}

/** A suite's results on one shard, without paths of its checkout. */
export interface ShardSuite {
  readonly summary: SuiteSummary;
  readonly reasons: readonly string[];
  /** Files outside of the verified tree whose code ran. */
  readonly foreign: readonly string[];
  readonly advice: readonly string[];
  readonly notes: readonly string[];
  readonly keepsSchema: boolean;
  readonly record: RunRecord;
  readonly measuring: StoredMeasuring;
  /** Null for a command, which one shard runs whole. */
  readonly dealt: Dealt | null;
  /** Its coverage, a file beside this one with that digest; null where it wrote none. */
  readonly coverage: Companion | null;
  /** What was decided about reusing earlier results; null where none could be. */
  readonly decided: Decided | null;
  /** Set where a part ran while other files are reused. */
  readonly partly: PartlyReused | null;
  /** A file with a `ShardTrace`; null where nothing was traced. */
  readonly trace: Companion | null;
  /** A file with the `StoredOutcome` that the suite is run to be compared with, on one of the shards. */
  readonly compared: Companion | null;
}

/** A file beside a shard's, with its digest. */
interface Companion {
  readonly file: string;
  readonly sha256: string;
}

/** What a shard found. */
export interface ShardResults {
  readonly suites: readonly ShardSuite[];
  readonly checks: readonly CheckSummary[];
  /** Such as "embedded Postgres 17.10"; null where nothing used a database. */
  readonly server: string | null;
  /** Names of covered files outside of the verified tree: only the machine itself knows where other checkouts lie. */
  readonly outside: readonly string[];
  /** What changed in the checkout during the run. */
  readonly changed: readonly string[];
  /** Why a pass would not prove the tree, a sentence each. */
  readonly unproven: readonly string[];
  readonly seconds: number;
}

/** A shard's file: `ended` is null until it has run all that it had to. */
export interface ShardFile extends ShardedRun {
  readonly schema: 1;
  readonly shard: Shard;
  readonly startedAt: string;
  readonly ended: ShardResults | null;
}

const companionSchema = z.object({ file: z.string(), sha256: z.string() }).nullable();

/** What is checked of a file before it is used; what it holds besides was written by the same version. */
const fileSchema = z.looseObject({
  schema: z.literal(1),
  version: z.string(),
  commit: z.string(),
  tree: z.string(),
  configuration: z.string(),
  environment: z.string(),
  startedAt: z.string(),
  shard: z.object({ index: z.int().positive(), total: z.int().positive() }),
  ended: z
    .looseObject({
      suites: z.array(
        z.looseObject({
          summary: z.looseObject({ name: z.string() }),
          dealt: z
            .object({ all: z.array(z.string()), own: z.array(z.string()), tests: z.string().optional() })
            .nullable(),
          ...{ coverage: companionSchema, trace: companionSchema, compared: companionSchema },
          decided: z.looseObject({ keys: z.array(z.string()) }).nullable(),
          partly: z.looseObject({ missing: z.record(z.string(), z.array(z.unknown())) }).nullable(),
        }),
      ),
      checks: z.array(z.looseObject({ name: z.string() })),
      outside: z.array(z.string()),
    })
    .nullable(),
});

/** "shard-2-of-5". */
function stemOf({ index, total }: Shard): string {
  return `shard-${index}-of-${total}`;
}

/** Where a shard's file lies in the directory of reports. */
export function shardPath(directory: string, shard: Shard): string {
  return join(directory, `${stemOf(shard)}.json`);
}

/**
 * Marks a shard as begun, and removes what an earlier run left of it. A run that is killed leaves this mark, so nothing
 * takes it for finished.
 */
export async function beginShard(directory: string, file: Omit<ShardFile, "schema" | "ended">): Promise<void> {
  const stem = stemOf(file.shard);
  const old = (await readdir(directory)).filter((name) => name.startsWith(`${stem}.`));
  await Promise.all(old.map((name) => rm(join(directory, name), { force: true })));
  await write(directory, { schema: 1, ...file, ended: null });
}

/** What a shard found of a suite, and what it was decided to reuse. */
export interface FoundSuite {
  readonly outcome: SuiteOutcome;
  readonly decided: Decided | null;
  /** The outcome that it is compared with, where this shard is the one to hand that on. */
  readonly compared: StoredOutcome | null;
}

/** Writes the results of a shard with its coverage beside them; `root` is the absolute root of its checkout. */
export async function endShard(
  directory: string,
  file: Omit<ShardFile, "schema" | "ended">,
  { suites: found, root, ...results }: Omit<ShardResults, "suites"> & { suites: readonly FoundSuite[]; root: string },
): Promise<void> {
  const suites: ShardSuite[] = [];
  for (const suite of found) suites.push(await storedSuite(suite, { directory, shard: file.shard, root }));
  await write(directory, { schema: 1, ...file, ended: { ...results, suites } });
}

async function write(directory: string, file: ShardFile): Promise<void> {
  await replaceFile(shardPath(directory, file.shard), `${JSON.stringify(file)}\n`);
}

async function storedSuite(
  { outcome, decided, compared }: FoundSuite,
  { directory, shard, root }: { directory: string; shard: Shard; root: string },
): Promise<ShardSuite> {
  const { summary, reasons, foreign, advice, notes, keepsSchema, record, measuring, dealt, coverage } = outcome;
  const canonicalRoot = canonicalPath(root);
  const stem = `${stemOf(shard)}.${encodeURIComponent(summary.name)}`;
  const name = `${stem}.lcov`;
  const writeCompanion = async (file: string, value: unknown): Promise<Companion> => {
    const bytes = await compress(JSON.stringify(value));
    await replaceFile(join(directory, file), (path) => writeFile(path, bytes));
    return { file, sha256: await digestOf(join(directory, file)) };
  };
  const trace = outcome.traced && { trace: await readTracedRun(outcome.traced.path), ran: outcome.traced.ran };
  if (coverage !== null) {
    const merged = await mergeLcov(coverage);
    const kept = runnerFacts[summary.runner].branchesDependOnRun ? linesOf(merged) : merged;
    await writeLcov(kept, root, join(directory, name));
  }
  return {
    summary,
    reasons,
    foreign: foreign.map((path) => nameWithin(canonicalRoot, path) ?? path),
    advice,
    notes,
    keepsSchema,
    record,
    measuring: withoutRoot(measuring, root),
    dealt,
    coverage: coverage === null ? null : { file: name, sha256: await digestOf(join(directory, name)) },
    decided,
    partly: outcome.partly ?? null,
    trace: trace?.trace ? await writeCompanion(`${stem}.trace.json.gz`, trace) : null,
    compared: compared === null ? null : await writeCompanion(`${stem}.compared.json.gz`, compared),
  };
}

/** The lines alone. */
function linesOf(coverage: Coverage): Coverage {
  return new Map(
    [...coverage].map(([file, { lines }]) => {
      const source = new SourceCoverage();
      for (const [line, hits] of lines.entries()) source.lines.add(line, hits);
      return [file, source];
    }),
  );
}

/** A shard's file, and the absolute directory that its coverage lies in. */
export interface FoundShard {
  readonly path: string;
  readonly directory: string;
  readonly file: ShardFile;
}

const isShardFile = (name: string): boolean => /^shard-\d+-of-\d+\.json$/.test(name);

/**
 * Reads the shards in files and, however deep, in directories; absolute paths. Throws RequestError where there are none,
 * UnavailableError for a file that is damaged.
 */
export async function readShards(places: readonly string[]): Promise<FoundShard[]> {
  const paths: string[] = [];
  for (const place of places) paths.push(...(await shardsAt(place)));
  if (paths.length === 0) {
    throw new RequestError(
      `There is no shard in ${places.join(", ")}: \`verify --shard 1/2\` writes .verify/shard-1-of-2.json, with its coverage beside it.`,
    );
  }
  return await Promise.all([...new Set(paths)].sort().map(readShard));
}

async function shardsAt(place: string): Promise<string[]> {
  const found = await stat(place).catch(() => null);
  if (found === null) throw new RequestError(`${place} does not exist.`);
  if (!found.isDirectory()) return [place];
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isShardFile(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

async function readShard(path: string): Promise<FoundShard> {
  try {
    const read: unknown = JSON.parse(await readFile(path, "utf8"));
    const file = fileSchema.parse(read) as unknown as ShardFile;
    return { path, directory: dirname(path), file };
  } catch (error) {
    const why = error instanceof z.ZodError ? "it is no shard of this version's form" : messageOf(error);
    throw new UnavailableError(`${path} cannot be read as a shard: ${why}. Run that shard again.`);
  }
}

/** The absolute path of a suite's coverage. Throws UnavailableError where it is missing, or not as it was written. */
export async function coverageOf(shard: FoundShard, { summary, coverage }: ShardSuite): Promise<string | null> {
  return coverage && (await companionPath(shard, `the coverage of ${summary.name}`, coverage));
}

/** What a suite's files were traced to rest on; null where they were not. Throws as `coverageOf` does. */
export async function traceOf(shard: FoundShard, { summary, trace }: ShardSuite): Promise<ShardTrace | null> {
  return trace && JSON.parse(await readCompanion(shard, `what was traced of ${summary.name}`, trace));
}

/** The outcome that a suite is compared with; null where another shard has it, or none. Throws as `coverageOf` does. */
export async function comparedOf(shard: FoundShard, { summary, compared }: ShardSuite): Promise<StoredOutcome | null> {
  return compared && JSON.parse(await readCompanion(shard, `what ${summary.name} is compared with`, compared));
}

async function readCompanion(shard: FoundShard, what: string, companion: Companion): Promise<string> {
  const bytes = await readFile(await companionPath(shard, what, companion));
  return (await decompress(bytes, { maxOutputLength: largestContent })).toString("utf8");
}

async function companionPath({ directory, file }: FoundShard, what: string, companion: Companion): Promise<string> {
  const path = join(directory, basename(companion.file));
  const digest = await digestOf(path).catch(() => null);
  if (digest === companion.sha256) return path;
  const how = digest === null ? "is missing" : "is not what the shard wrote";
  throw new UnavailableError(
    `Shard ${shardText(file.shard)}: ${what}, ${path}, ${how}. It travels beside the shard's file.`,
  );
}

async function digestOf(path: string): Promise<string> {
  await (await open(path, "r")).close();
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest("hex");
}
