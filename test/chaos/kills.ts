import { setTimeout as sleep } from "node:timers/promises";
import { type Process, withDescendants } from "./processes.ts";

/** Who is killed. */
type Victim = "program" | "group" | "suite" | "worker" | "postmaster" | "backend" | "push" | "git";

/** One way to kill. */
export interface Kill {
  readonly victim: Victim;
  readonly signal: NodeJS.Signals;
  /** How often the signal is sent, as by a person who presses Ctrl-C again; 1 by default. */
  readonly times?: number;
}

/** Every way to kill that is tried. */
export const kills: readonly Kill[] = [
  { victim: "program", signal: "SIGINT" },
  { victim: "program", signal: "SIGTERM" },
  { victim: "program", signal: "SIGHUP" },
  { victim: "program", signal: "SIGKILL" },
  { victim: "group", signal: "SIGINT" },
  { victim: "group", signal: "SIGINT", times: 2 },
  { victim: "group", signal: "SIGINT", times: 3 },
  { victim: "group", signal: "SIGTERM" },
  { victim: "group", signal: "SIGHUP" },
  { victim: "group", signal: "SIGKILL" },
  { victim: "suite", signal: "SIGKILL" },
  { victim: "suite", signal: "SIGTERM" },
  { victim: "worker", signal: "SIGKILL" },
  { victim: "worker", signal: "SIGINT" },
  { victim: "postmaster", signal: "SIGKILL" },
  { victim: "postmaster", signal: "SIGINT" },
  { victim: "backend", signal: "SIGKILL" },
  { victim: "backend", signal: "SIGTERM" },
  { victim: "push", signal: "SIGKILL" },
  { victim: "push", signal: "SIGTERM" },
  { victim: "git", signal: "SIGKILL" },
];

/** "the group, SIGINT ×3". */
export function describeKill({ victim, signal, times = 1 }: Kill): string {
  return `the ${victim}, ${signal}${times === 1 ? "" : ` ×${times}`}`;
}

const isProgram = ({ words }: Process): boolean => words.some((word) => word.endsWith("/dist/main.js"));

/** Whom a kill would hit now, among what a command has started; null where nobody is there yet. */
export function findVictim(kill: Kill, root: number, all: readonly Process[]): number | null {
  const own = withDescendants(root, all);
  const program = own.find(isProgram);
  const below = program === undefined ? [] : withDescendants(program.pid, all);
  const postmaster = below.find(({ words }) => /\/postgres$/.test(words[0] ?? "") && words.includes("-D"));
  switch (kill.victim) {
    case "group":
    case "push":
      return root;
    case "program":
      return program?.pid ?? null;
    case "suite":
      return below.find(({ words }) => /^\/bin\/sh$/.test(words[0] ?? "") && words[1] === "-c")?.pid ?? null;
    case "worker":
      return below.find(({ words }) => words.some((word) => /books-\d\.test\.js$/.test(word)))?.pid ?? null;
    case "postmaster":
      return postmaster?.pid ?? null;
    case "backend":
      return all.find(({ parent, words }) => parent === postmaster?.pid && /gw\d/.test(words.join(" ")))?.pid ?? null;
    case "git":
      return below.find(({ words }) => words[0] === "git")?.pid ?? null;
  }
}

/** Sends what the kill says; a victim that has ended is none. */
export async function strike(kill: Kill, pid: number, pause: number): Promise<void> {
  for (let time = 0; time < (kill.times ?? 1); time++) {
    if (time > 0) await sleep(pause);
    try {
      process.kill(kill.victim === "group" ? -pid : pid, kill.signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
