import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { median } from "./median.ts";

/** How often each program is started; they take turns, so that a busy moment hits all of them. */
const rounds = 20;

/** What a start costs, as processor time of the program and of what it starts, in milliseconds. */
function cost(program: string, words: readonly string[], directory: string): number {
  const script = JSON.stringify([program, ...words]);
  const { stdout } = spawnSync("python3", ["-c", measure, script], { cwd: directory, encoding: "utf8" });
  return Number(stdout);
}

/** Node cannot tell what its children took, Python can. */
const measure = `
import json, resource, subprocess, sys
subprocess.run(json.loads(sys.argv[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((used.ru_utime + used.ru_stime) * 1000)`;

const main = join(packageRoot, "dist", "main.js");
const directory = mkdtempSync(join(tmpdir(), "pushproof-bench-"));
const git = (...words: string[]): void => void spawnSync("git", words, { cwd: directory });
git("init", "--quiet");
git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "--message", "Begin");

const starts: Readonly<Record<string, readonly string[]>> = {
  "node -e 0": ["-e", "0"],
  "verify --version": [main, "--version"],
  // Without a configuration it ends right after its first stage.
  "verify, up to its first stage": [main],
};
const costs = Object.fromEntries(Object.keys(starts).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, words] of Object.entries(starts)) costs[name]?.push(cost(process.execPath, words, directory));
}
rmSync(directory, { recursive: true });
const least = median(costs["node -e 0"] ?? []);
console.log(`Processor time of a start, median of ${rounds}, with all that it starts:`);
for (const [name, all] of Object.entries(costs))
  console.log(`  ${name.padEnd(32)} ${median(all).toFixed(0).padStart(5)} ms  ${(median(all) / least).toFixed(2)}×`);
