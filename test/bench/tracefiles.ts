import { createWriteStream } from "node:fs";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { randomNumbers } from "./random.ts";

/** What to generate; the same request makes the same files. */
export interface TracefileRequest {
  /** How many tracefiles, one for each worker of an imagined suite. */
  readonly files: number;
  /** How large each is. */
  readonly megabytes: number;
  readonly seed: number;
}

/** What was generated. */
export interface Tracefiles {
  readonly paths: readonly string[];
  readonly bytes: number;
  /** How many source files they tell of together. */
  readonly sources: number;
}

type Random = () => number;

interface SourceFunction {
  readonly name: string;
  /** Its executable lines; the first is its head. */
  readonly lines: readonly number[];
  /** How many ways lead on from each of its lines; 0 where the line does not branch. */
  readonly ways: readonly number[];
  /** Known only to workers that ran it, as a template of C++ or a script loaded late is. */
  readonly late: boolean;
}

interface SourceFile {
  readonly name: string;
  readonly functions: readonly SourceFunction[];
  /** How likely a worker is to call one of its functions. */
  readonly reach: number;
}

const areas = ["accounts", "billing", "catalog", "ledger", "orders", "reports", "search", "shipping"];
const verbs = ["apply", "build", "collect", "find", "load", "parse", "render", "resolve", "update", "validate"];
const nouns = ["Account", "Address", "Balance", "Customer", "Entry", "Invoice", "Order", "Payment", "Report", "Total"];

/** Writes tracefiles such as the workers of one suite write: of the same source files, with other hits in each. */
export async function writeTracefiles(
  directory: string,
  request: TracefileRequest,
  signal: AbortSignal,
): Promise<Tracefiles> {
  await requireSpace(directory, request);
  const paths: string[] = [];
  const known = new Set<string>();
  let bytes = 0;
  for (let worker = 0; worker < request.files; worker++) {
    const path = join(directory, `worker-${String(worker).padStart(3, "0")}.info`);
    const stream = createWriteStream(path);
    await pipeline(Readable.from(tracefile(request, worker, known)), stream, { signal });
    paths.push(path);
    bytes += stream.bytesWritten;
  }
  // Names of files that exist are resolved faster than others, and in a project they do.
  for (const directoryName of new Set([...known].map((name) => dirname(name)))) {
    await mkdir(join(directory, directoryName), { recursive: true });
  }
  for (const name of known) await writeFile(join(directory, name), "");
  return { paths, bytes, sources: known.size };
}

async function requireSpace(directory: string, { files, megabytes }: TracefileRequest): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  // Beside the tracefiles, three merged ones, each a little larger than one of them.
  const needed = (files + 5) * megabytes;
  const free = (bavail * bsize) / 1e6;
  if (free < needed) throw new Error(`${directory} has ${free.toFixed(0)} MB free, the benchmark needs ${needed} MB.`);
}

/** The records of one worker, up to the size; every worker meets the same source files in the same order. */
function* tracefile({ megabytes, seed }: TracefileRequest, worker: number, known: Set<string>): Generator<string> {
  const sourceRandom = randomNumbers(seed);
  const random = randomNumbers((seed + 1) * 1_000_003 + worker * 7919);
  let written = 0;
  for (let index = 0; written < megabytes * 1e6; index++) {
    const source = sourceFile(index, sourceRandom);
    // No test of this worker has loaded it.
    if (random() < 0.05) continue;
    const record = recordOf(source, random);
    known.add(source.name);
    written += record.length;
    yield record;
  }
}

function sourceFile(index: number, random: Random): SourceFile {
  const functions: SourceFunction[] = [];
  // Most files are short and a few are long.
  const count = 1 + Math.floor(-Math.log(random()) * 20);
  let line = 1 + Math.floor(random() * 20);
  for (let position = 0; position < count; position++) {
    const lines: number[] = [];
    const ways: number[] = [];
    for (let length = 3 + Math.floor(-Math.log(random()) * 16); length > 0; length--) {
      lines.push(line);
      ways.push(random() < 0.1 ? (random() < 0.9 ? 2 : 4) : 0);
      line += random() < 0.7 ? 1 : 2 + Math.floor(random() * 4);
    }
    const name = `${pick(verbs, random)}${pick(nouns, random)}${position}`;
    functions.push({ name, lines, ways, late: random() < 0.02 });
    line += 2;
  }
  const name = `src/${pick(areas, random)}/${pick(nouns, random).toLowerCase()}/${pick(verbs, random)}-${index}.ts`;
  return { name, functions, reach: random() ** 2 };
}

function pick(words: readonly string[], random: Random): string {
  return words[Math.floor(random() * words.length)] as string;
}

/** In the order in which lcov's own geninfo writes. */
function recordOf({ name, functions, reach }: SourceFile, random: Random): string {
  const totals = { functions: 0, called: 0, branches: 0, taken: 0, lines: 0, covered: 0 };
  let [heads, calls, branches, lines] = ["", "", "", ""];
  for (const one of functions) {
    const called = random() < reach ? Math.ceil(Math.exp(random() * 6)) : 0;
    if (called === 0 && one.late) continue;
    totals.functions += 1;
    if (called > 0) totals.called += 1;
    heads += `FN:${one.lines[0]},${one.name}\n`;
    calls += `FNDA:${called},${one.name}\n`;
    let hits = called;
    for (const [position, line] of one.lines.entries()) {
      totals.lines += 1;
      if (hits > 0) totals.covered += 1;
      lines += `DA:${line},${hits}\n`;
      let [rest, inside] = [hits, hits];
      const ways = one.ways[position] as number;
      for (let way = 0; way < ways; way++) {
        // A branch says how often it was taken only where its line ran.
        const taken = way === ways - 1 ? rest : Math.round(rest * random());
        branches += `BRDA:${line},${position},${way},${hits === 0 ? "-" : taken}\n`;
        totals.branches += 1;
        if (taken > 0) totals.taken += 1;
        rest -= taken;
        inside = taken;
      }
      // The next lines are inside of the last branch, or where all have come together again.
      if (ways > 0) hits = random() < 0.5 ? called : inside;
    }
  }
  return (
    `TN:\nSF:${name}\n${heads}${calls}FNF:${totals.functions}\nFNH:${totals.called}\n` +
    `${branches}BRF:${totals.branches}\nBRH:${totals.taken}\n` +
    `${lines}LF:${totals.lines}\nLH:${totals.covered}\nend_of_record\n`
  );
}
