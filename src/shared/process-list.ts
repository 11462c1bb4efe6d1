import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A process in the system's list. */
export interface Process {
  readonly parent: number;
  readonly args: readonly string[];
}

/** Reads a process: from /proc on Linux, else, or where asked, with `ps`. Rejects where there is none, or the system hides it. */
export function readProcess(
  id: number,
  place: "proc" | "ps" = process.platform === "linux" ? "proc" : "ps",
): Promise<Process> {
  return place === "proc" ? readFromProc(id) : readFromList(id);
}

/** Reads a process from /proc. */
async function readFromProc(id: number): Promise<Process> {
  const [stat, line] = await Promise.all([
    readFile(`/proc/${id}/stat`, "utf8"),
    readFile(`/proc/${id}/cmdline`, "utf8"),
  ]);
  // The program's name, in parentheses, may contain blanks and parentheses.
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  return { parent, args: line.split("\0").slice(0, -1) };
}

/**
 * Reads a process with `ps`, which joins arguments by blanks; names of refs and remotes contain none, and git rejects
 * the rest.
 */
async function readFromList(id: number): Promise<Process> {
  const { stdout } = await run("ps", ["-ww", "-o", "ppid=,args=", "-p", String(id)]);
  const [, parent = "", args = ""] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
  return { parent: Number(parent), args: args.split(/\s+/) };
}

/** The ids of the children of a process that have not ended; what has ended and is not yet waited for does not count. */
export async function liveChildren(parent: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  return stdout.split("\n").flatMap((row) => {
    const [, id, its, state = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)/.exec(row) ?? [];
    return Number(its) === parent && !state.startsWith("Z") ? [Number(id)] : [];
  });
}
