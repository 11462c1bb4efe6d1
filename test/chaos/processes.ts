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
  const found = new Set(all.filter(({ pid }) => pid === root));
  // A set, as the list is not of one moment: where a number was given to another process meanwhile, it may hold a circle.
  for (const process of found) for (const child of all) if (child.parent === process.pid) found.add(child);
  return [...found];
}

/** The processes that a run of chaos has started, by the variable that marks them; Postgres's have none. */
export function marked(all: readonly Process[], mark: string): Process[] {
  return all.filter(({ environment }) => environment.includes(mark));
}
