import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../../src/shared/median.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { processorTime, takeTurns } from "./processor-time.ts";

/** How often each program is started. */
const rounds = 20;

const main = join(packageRoot, "dist", "main.js");
const directory = mkdtempSync(join(tmpdir(), "pushproof-bench-"));
const git = (...words: string[]): void => void spawnSync("git", words, { cwd: directory });
git("init", "--quiet");
git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "--message", "Begin");

const costs = takeTurns(rounds, {
  "node -e 0": () => processorTime([process.execPath, "-e", "0"], directory),
  "verify --version": () => processorTime([process.execPath, main, "--version"], directory),
  // Without a configuration it ends right after its first stage.
  "verify, up to its first stage": () => processorTime(["sh", "-c", `${process.execPath} ${main} || :`], directory),
});
rmSync(directory, { recursive: true });
const least = median(costs["node -e 0"] ?? []);
console.log(`Processor time of a start, median of ${rounds}, with all that it starts:`);
for (const [name, all] of Object.entries(costs))
  console.log(`  ${name.padEnd(32)} ${median(all).toFixed(0).padStart(5)} ms  ${(median(all) / least).toFixed(2)}×`);
