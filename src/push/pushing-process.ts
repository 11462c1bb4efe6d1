import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";

/** The `git push` process that waits for our hook. */
export interface PushingProcess extends PushCommand {
  readonly id: number;
  /** Its working directory, the root of the checkout; null where unknown. */
  readonly directory: string | null;
}

/** A command line of `git push`. */
export interface PushCommand {
  /** Configuration before `push`: `-c`, `KEY=VALUE`, … */
  readonly settings: readonly string[];
  /** The arguments after `push`. */
  readonly args: readonly string[];
}

/** A process in the system's list. */
interface Process {
  readonly parent: number;
  readonly args: readonly string[];
}

const run = promisify(execFile);
/** More than any chain of hook managers, package managers and shells. */
const mostGenerations = 40;

/**
 * The nearest `git push` among our ancestor processes; null where there is none, where the system hides it, or where it
 * has unknown options.
 */
export async function findPushingProcess(child: number = process.ppid): Promise<PushingProcess | null> {
  let id = child;
  for (let generation = 0; generation < mostGenerations && id > 1; generation++) {
    const found = await readProcess(id).catch(() => null);
    if (found === null) return null;
    const push = asPush(found.args);
    // A push with unknown options is still the nearest one.
    if (push === null && basename(found.args[0] ?? "") === "git" && found.args.includes("push")) return null;
    if (push !== null) return { ...push, id, directory: await readlink(`/proc/${id}/cwd`).catch(() => null) };
    id = found.parent;
  }
  return null;
}

/** Whether a process is our parent, or one of its parents; false where the system hides them. */
export async function isAncestor(pid: number): Promise<boolean> {
  let id = process.ppid;
  for (let generation = 0; generation < mostGenerations && id > 1; generation++) {
    if (id === pid) return true;
    id = await readProcess(id).then(
      ({ parent }) => parent,
      () => 0,
    );
  }
  return false;
}

/**
 * Whether the process through which the waiting `git push` talks to the server has ended: then that push fails, whatever we
 * say. False where that cannot be told.
 */
export async function hasServerHungUp(): Promise<boolean> {
  const pushing = await findPushingProcess();
  if (pushing === null) return false;
  const children = await liveChildren(pushing.id).catch(() => null);
  if (children === null) return false;
  // Besides the hook, which we descend from, git has started nothing else.
  const isHook = await Promise.all(children.map((id) => id === process.pid || isAncestor(id)));
  return isHook.includes(true) && isHook.every(Boolean);
}

/** The children of a process that have not ended; git waits for none before the hook has ended. */
async function liveChildren(parent: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  return stdout.split("\n").flatMap((row) => {
    const [, id, its, state = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)/.exec(row) ?? [];
    return Number(its) === parent && !state.startsWith("Z") ? [Number(id)] : [];
  });
}

// Options that git has already applied, or passed to hooks by environment; they are not repeated.
const withValue = /^(-C|--git-dir|--work-tree|--namespace|--attr-source|--super-prefix|--shallow-file)$/;
const alone =
  /^(-p|-P|--paginate|--no-pager|--bare|--no-replace-objects|--no-optional-locks|--no-lazy-fetch|--no-advice|--(literal|no-literal|glob|noglob|icase)-pathspecs|--(exec-path|git-dir|work-tree|namespace|attr-source|super-prefix)=.*)$/s;

/** Parses a command line such as `git -c core.x=y push origin main`; null for everything else. */
export function asPush([program = "", ...args]: readonly string[]): PushCommand | null {
  if (basename(program) !== "git") return null;
  const settings: string[] = [];
  let position = 0;
  for (; args[position]?.startsWith("-"); position++) {
    const word = args[position] ?? "";
    if (word === "-c" || word === "--config-env") settings.push(word, args[++position] ?? "");
    else if (word.startsWith("--config-env=")) settings.push(word);
    else if (withValue.test(word)) position += 1;
    else if (!alone.test(word)) return null;
  }
  return args[position] === "push" ? { settings, args: args.slice(position + 1) } : null;
}

/** Whether a push with these arguments only says what it would do. */
export function isDryRun({ args }: Pick<PushCommand, "args">): boolean {
  const separator = args.indexOf("--");
  const options = separator < 0 ? args : args.slice(0, separator);
  // Short options can be joined, and git takes unique beginnings of long ones.
  return options.some((word) => /^--dry?(-(r(un?)?)?)?$/.test(word) || /^-[dfquv46]*n/.test(word));
}

function readProcess(id: number): Promise<Process> {
  return process.platform === "linux" ? readFromProc(id) : readFromList(id);
}

/** Reads a process from /proc. */
export async function readFromProc(id: number): Promise<Process> {
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
export async function readFromList(id: number): Promise<Process> {
  const { stdout } = await run("ps", ["-ww", "-o", "ppid=,args=", "-p", String(id)]);
  const [, parent = "", args = ""] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
  return { parent: Number(parent), args: args.split(/\s+/) };
}
