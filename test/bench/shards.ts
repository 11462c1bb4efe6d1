/**
 * What shards cost and how evenly they divide, in one run of some minutes: the ledger as 1, 2, 4 and 8 shards, each alone on this
 * machine; a merge of 64 shards with 20,000 tests and 20 MB of coverage each; and, by simulation, 10,000 files on 200 shards.
 * `--parts ledger` leaves the merge out, `--parts merge` the others.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../../src/shared/paths.ts";
import type { FileDurations } from "../../src/suite/schedule/durations.ts";
import { shareOut } from "../../src/suite/schedule/shares.ts";
import { usableWorkers } from "../../src/suite/schedule/worker-count.ts";
import type { ShardFile, ShardSuite } from "../../src/suite/shards/shard-file.ts";
import setup from "../support/global-setup.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";
import { ledgerEnvironment, makeLedger } from "./ledger-ways.ts";
import { makeWorkspace } from "./places.ts";
import { type Environment, timed } from "./programs.ts";
import { randomNumbers } from "./random.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "95" },
    tests: { type: "string", default: "806" },
    shards: { type: "string", default: "1,2,4,8" },
    megabytes: { type: "string", default: "20" },
    parts: { type: "string", default: "merge,ledger" },
  },
});
const totals = values.shards.split(",").map(Number);
const megabytes = Number(values.megabytes);
const parts = values.parts.split(",");
const program = join(packageRoot, "dist", "main.js");

interface ShardTime {
  /** The whole process. */
  readonly seconds: number;
  /** The tests alone. */
  readonly suite: number;
}

async function readShard(directory: string, index: number, total: number): Promise<ShardFile> {
  return JSON.parse(await readFile(join(directory, ".verify", `shard-${index}-of-${total}.json`), "utf8"));
}

async function runShard(directory: string, index: number, total: number, env: Environment): Promise<ShardTime> {
  const { seconds } = await timed(process.execPath, [program, "--shard", `${index}/${total}`], { cwd: directory, env });
  const { ended } = await readShard(directory, index, total);
  return { seconds, suite: ended?.suites[0]?.summary.seconds ?? 0 };
}

/** How long each file of the ledger took when it was last run as a whole, by name. */
async function recordedDurations(directory: string): Promise<FileDurations> {
  const { files } = JSON.parse(await readFile(join(directory, ".git/verify/durations/main/backend.json"), "utf8"));
  return new Map(
    Object.entries(files as Record<string, Record<string, number>>).map(([file, tests]) => [
      file,
      Object.values(tests).reduce((sum, one) => sum + one, 0),
    ]),
  );
}

/** How long the share takes that was dealt the most, by the durations that it was dealt out by. */
function longestShare(directory: string, durations: FileDurations, total: number): number {
  const secondsOf = (file: string): number => durations.get(relative(directory, file)) ?? 0;
  const files = [...durations.keys()].map((file) => join(directory, file)).sort();
  const shares = shareOut(files, directory, durations, total);
  return Math.max(...shares.map((share) => share.reduce((sum, file) => sum + secondsOf(file), 0)));
}

/** The ledger by so many shards, one after another; gives how long each file took. */
async function divideLedger(directory: string): Promise<FileDurations> {
  const env = await ledgerEnvironment();
  await makeLedger(directory, { files: Number(values.files), tests: Number(values.tests) }, env);
  // Durations, template and caches are there afterwards, as with a CI cache.
  await timed(process.execPath, [program, "--fresh", "--coverage", "1"], { cwd: directory, env });
  const durations = await recordedDurations(directory);
  const all = [...durations.values()];
  const sum = all.reduce((total, one) => total + one, 0);
  const longestFile = Math.max(...all);
  console.log(
    `${all.length} files take ${sum.toFixed(1)} s together, the longest ${longestFile.toFixed(2)} s, on ${usableWorkers().count} workers a shard`,
  );
  let whole: number | null = null;
  for (const total of totals) {
    const times: ShardTime[] = [];
    for (let index = 1; index <= total; index++) times.push(await runShard(directory, index, total, env));
    const longest = Math.max(...times.map(({ suite }) => suite));
    // Where one shard alone is not asked for, all shards' tests together stand for it.
    whole ??= times.reduce((seconds, { suite }) => seconds + suite, 0);
    const even = whole / total;
    const bound = Math.max(even, longestFile);
    const overhead = times.map(({ seconds, suite }) => seconds - suite);
    const mean = overhead.reduce((seconds, one) => seconds + one, 0) / total;
    const dealt = longestShare(directory, durations, total) / (sum / total);
    const wall = Math.max(...times.map(({ seconds }) => seconds));
    console.log(
      `${total} shards: the longest ran tests for ${longest.toFixed(1)} s: ${(longest / even).toFixed(2)} of total / ${total} (${even.toFixed(1)} s), ${(longest / bound).toFixed(2)} of the bound (${bound.toFixed(1)} s${bound > even ? ", the longest file" : ""}); dealt out to ${dealt.toFixed(3)} of an even share; ${wall.toFixed(1)} s with all, beside the tests ${mean.toFixed(1)} s a shard, at most ${Math.max(...overhead).toFixed(1)} s`,
    );
  }
  return durations;
}

const mergedShards = 64;
const mergedTests = 20_000;
const sources = 2000;

/** The coverage of one shard: every line of every source, a part of them with hits. */
function lcovOf(shard: number, lines: number): string {
  const random = randomNumbers(shard + 1);
  const records = Array.from({ length: sources }, (_, source) => {
    const hits = Array.from({ length: lines }, (_, line) => `DA:${line + 1},${random() < 0.5 ? 1 : 0}`);
    return `SF:src/s${source}.js\n${hits.join("\n")}\nend_of_record\n`;
  });
  return records.join("");
}

/** A merge of 64 shards, made by hand after a real one. */
async function mergeShards(directory: string): Promise<void> {
  const env = { ...process.env, ...gitEnvironment(), NO_COLOR: "1" };
  const lines = Math.round((megabytes * 1e6) / sources / 10);
  const test = 'require("node:test").test("a", () => {});\n';
  const names = Array.from({ length: mergedShards }, (_, index) => `test/t${String(index).padStart(2, "0")}.test.js`);
  await writeFiles(directory, {
    ...Object.fromEntries(names.map((name) => [name, test])),
    ...Object.fromEntries(
      Array.from({ length: sources }, (_, index) => [`src/s${index}.js`, "let x = 1;\n".repeat(lines)]),
    ),
    "verify.config.json": JSON.stringify({
      suites: [{ name: "web", runner: "node", command: "node --test", source: ["src"], workers: 1 }],
      database: false,
      coverage: { lines: 1 },
    }),
  });
  const git = (...words: string[]) => timed("git", words, { cwd: directory, env });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Begin");
  await timed(process.execPath, [program, "--shard", `1/${mergedShards}`], { cwd: directory, env });
  const real = await readShard(directory, 1, mergedShards);
  const [suite] = (real.ended?.suites ?? []) as [ShardSuite];
  const place = join(directory, ".verify", "shards");
  await mkdir(place);
  let bytes = 0;
  for (const [index, name] of names.entries()) {
    const lcov = lcovOf(index, lines);
    bytes += lcov.length;
    const file = `shard-${index + 1}-of-${mergedShards}.web.lcov`;
    await writeFile(join(place, file), lcov);
    const count = Math.floor(mergedTests / mergedShards) + (index < mergedTests % mergedShards ? 1 : 0);
    const tests = Array.from({ length: count }, (_, one) => ({
      ...{ suite: "web", file: name, name: `does what it should, number ${one}`, worker: "master" },
      ...{ outcome: "passed" as const, seconds: 0.01 },
    }));
    const summary = { ...suite.summary, tests: { total: count, passed: count, failed: 0, skipped: 0 } };
    const own: ShardSuite = {
      ...suite,
      summary,
      record: { tests, timeline: [] },
      dealt: { all: names, own: [name] },
      coverage: { file, sha256: createHash("sha256").update(lcov).digest("hex") },
    };
    const shard = { index: index + 1, total: mergedShards };
    const text = JSON.stringify({ ...real, shard, ended: { ...real.ended, suites: [own] } });
    await writeFile(join(place, `shard-${index + 1}-of-${mergedShards}.json`), text);
  }
  const { seconds, peakMegabytes } = await timed(process.execPath, [program, "merge", place], { cwd: directory, env });
  console.log(
    `merge of ${mergedShards} shards, ${mergedTests} tests, ${(bytes / 1e6).toFixed(0)} MB of coverage: ${seconds.toFixed(1)} s, at most ${peakMegabytes?.toFixed(0)} MB`,
  );
}

/** How near the dealing comes to the least that whole files allow, with files as long as real ones, spread lognormally. */
function simulate(real: readonly number[]): void {
  const random = randomNumbers(20);
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  for (const sigma of [0, 0.5, 1]) {
    const files = Array.from({ length: 10_000 }, (_, index) => `/simulated/test_${index}.py`);
    const durations = new Map(
      files.map((file, index) => [
        file.slice("/simulated/".length),
        (real[index % real.length] ?? 1) * Math.exp(sigma * normal()),
      ]),
    );
    const started = performance.now();
    const shares = shareOut(files, "/simulated", durations, 200);
    const took = performance.now() - started;
    const secondsOf = (file: string): number => durations.get(file.slice("/simulated/".length)) ?? 0;
    const total = files.reduce((sum, file) => sum + secondsOf(file), 0);
    const bound = Math.max(total / 200, ...files.map(secondsOf));
    const longest = Math.max(...shares.map((share) => share.reduce((sum, file) => sum + secondsOf(file), 0)));
    console.log(
      `10,000 files on 200 shards, real durations spread by sigma ${sigma}: the longest shard is ${(longest / bound).toFixed(4)} of the bound (${bound.toFixed(2)} s); dealt out in ${took.toFixed(0)} ms`,
    );
  }
}

await setup();
const workspace = await makeWorkspace();
try {
  if (parts.includes("merge")) await mergeShards(join(workspace, "merged"));
  if (parts.includes("ledger")) simulate([...(await divideLedger(join(workspace, "ledger"))).values()]);
} finally {
  await rm(workspace, { recursive: true, force: true });
}
