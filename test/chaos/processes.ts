import { readdirSync, readFileSync } from "node:fs";

/** A process as `/proc` shows it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
  /** What it was started with, as `NAME=VALUE`; empty where that cannot be read. */
  readonly environment: readonly string[];
}

/** All processes of the machine; those that end meanwhile and zombies are left out. */
export function listProcesses(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

function readProcess(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z") return null;
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    return { pid, parent: Number(parent), words, environment: environmentOf(pid) };
  } catch {
    return null;
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** A process and all that it has started, directly or not. */
export function withDescendants(root: number, all: readonly Process[]): Process[] {
  const found = all.filter(({ pid }) => pid === root);
  for (const process of found) found.push(...all.filter(({ parent }) => parent === process.pid));
  return found;
}

/** The processes that a run of chaos has started, by the variable that marks them; Postgres's have none. */
export function marked(all: readonly Process[], mark: string): Process[] {
  return all.filter(({ environment }) => environment.includes(mark));
}
