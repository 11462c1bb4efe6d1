import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "../shared/errors.ts";
import { type ProgramEnd, runProgram } from "../shared/exec/run-program.ts";
import { withOwnedDirectory } from "../shared/owned-directory.ts";
import { withoutCredentials } from "../shared/redact.ts";
import { plainText } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";
import { asListed, scrubEnvironment } from "./environment.ts";
import type { Repository } from "./repository.ts";

/** Git with a repository's settings and remotes, which leaves nothing in the repository. */
export interface PrivateGit {
  /** Its output for the words, without the last line end. Throws where git fails. */
  line(words: readonly string[], input?: string): Promise<string>;
  /** Pushes, and gives what became of each ref. Throws UnavailableError where the remote does not answer. */
  push(remote: string, refspecs: readonly string[], options?: readonly string[]): Promise<readonly PushedRef[]>;
  /**
   * Fetches all refs of a remote that begin so, such as `refs/verify/ab`, and gives their objects by name; none where
   * there are none. Throws UnavailableError where the remote does not answer.
   */
  fetch(remote: string, prefixes: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** A ref of a push. */
export interface PushedRef {
  /** Its name on the remote. */
  readonly ref: string;
  /** Why it was not taken: the remote's reason, and what a hook of it said; null where it was. */
  readonly rejected: { readonly reason: string; readonly said: string } | null;
}

/** How the user's `git -c NAME=VALUE push` reaches those who git starts: settings that the push needs. */
const settingsOfCall = /^GIT_CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)$/;

/** Whether git and ssh may ask on the terminal. */
export type Manner = "asks" | "never asks";

/** Refs of a place of its own: git keeps them for each worktree. */
const fetched = "refs/worktree/fetched/";

/** Git looks after the user's repository when the user says so. */
const settings = ["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** Fetches exactly what is asked for, without what the remote's configuration adds, and forgets what is there no longer. */
const fetch =
  "fetch --quiet --no-tags --no-write-fetch-head --refmap= --prune --recurse-submodules=no --no-write-commit-graph --no-filter";

/** Pushes exactly what is asked for: no tags, submodules, options or signed pushes that the user's settings add. */
const push = "-c push.pushOption= push --porcelain --no-verify --no-follow-tags --no-signed --recurse-submodules=no";

/** How long a remote may take to answer, in seconds. */
const patience = 60;

/**
 * Gives git a private place beside the repository, as a linked worktree has: the objects and refs that it makes or fetches
 * are there and go with it, so no `git log --all`, garbage collection or mirrored push of the user's meets them. No hooks run.
 */
export async function withPrivateGit<Value>(
  { root, commonDirectory }: Pick<Repository, "root" | "commonDirectory">,
  { caller, signal, manner }: { caller: Environment; signal: AbortSignal; manner: Manner },
  work: (git: PrivateGit) => Promise<Value>,
): Promise<Value> {
  return await withOwnedDirectory(caller, async (place) => {
    // Any branch that is not born yet makes it a git directory.
    await writeFile(join(place, "HEAD"), "ref: refs/heads/none\n");
    await writeFile(join(place, "commondir"), `${commonDirectory}\n`);
    await mkdir(join(place, "objects"));
    const environment = {
      ...callersEnvironment(caller, manner),
      GIT_DIR: place,
      GIT_OBJECT_DIRECTORY: join(place, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: asListed(join(commonDirectory, "objects")),
    };
    // Without the terminal, ssh cannot ask for a passphrase.
    const how = { directory: root, environment, signal, timeout: patience * 1000, ownGroup: manner === "never asks" };
    const run: Run = (words, input) => runProgram(["git", ...settings, ...words], { ...how, input });
    return await work({
      line: (words, input = "") => lineOf(run, words, input),
      push: (remote, refspecs, options = []) => pushTo(run, remote, [...options, "--", remote, ...refspecs]),
      fetch: (remote, prefixes) => fetchFrom(run, remote, prefixes),
    });
  });
}

/** Runs git; a failure is returned, not thrown. */
type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

async function lineOf(run: Run, words: readonly string[], input: string): Promise<string> {
  const { exitCode, stdout, output } = await run(words, input);
  if (exitCode !== 0) throw new Error(`git ${words[0]} failed: ${output.trim()}`);
  return stdout.replace(/\n$/, "");
}

async function pushTo(run: Run, remote: string, words: readonly string[]): Promise<readonly PushedRef[]> {
  const { stdout, output } = await run([...push.split(" "), ...words]);
  const rows = readPorcelain(stdout, output);
  if (rows.length > 0) return rows;
  throw new UnavailableError(`${withoutCredentials(remote)} takes no receipts: ${reasonOf(output)}.`);
}

async function fetchFrom(run: Run, remote: string, prefixes: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const refspecs = prefixes.map((prefix) => `+${prefix}*:${fetched}${prefix}*`);
  const { exitCode, output } = await run([...fetch.split(" "), "--", remote, ...refspecs]);
  if (exitCode !== 0) throw new UnavailableError(`${withoutCredentials(remote)} does not answer: ${reasonOf(output)}.`);
  const listing = await lineOf(run, ["for-each-ref", "--format=%(objectname) %(refname)", fetched], "");
  const rows = listing.split("\n").filter(Boolean);
  return new Map(rows.map((row) => [row.slice(row.indexOf(" ") + 1 + fetched.length), row.slice(0, row.indexOf(" "))]));
}

/** The caller's environment with English messages; with what `git -c` set, and without what could ask. */
function callersEnvironment(caller: Environment, manner: Manner): Environment {
  const ofCall = Object.entries(caller).filter(([name]) => settingsOfCall.test(name));
  const environment = { ...scrubEnvironment(caller), ...Object.fromEntries(ofCall), LC_ALL: "C.UTF-8" };
  if (manner === "asks") return environment;
  return { ...environment, SSH_ASKPASS: undefined, SSH_ASKPASS_REQUIRE: "never", GIT_TERMINAL_PROMPT: "0" };
}

/** The rows of `git push --porcelain`: `FLAG TAB SOURCE:REF TAB SUMMARY (REASON)`. */
function readPorcelain(stdout: string, output: string): PushedRef[] {
  const [, said = ""] = /^remote: (?!error: hook declined)(.+)$/m.exec(plainText(output)) ?? [];
  // `refs/verify/ab` cannot be where `refs/verify/ab/x` is, however often it is tried.
  const obstacles = [...output.matchAll(/'(\S+)' exists; cannot create '(\S+)'/g)];
  return [...stdout.matchAll(/^(.)\t[^\t]*:([^\t:]+)\t(.*)$/gm)].map(([, flag, ref = "", summary = ""]) => {
    if (flag !== "!") return { ref, rejected: null };
    const [, inTheWay] = obstacles.find(([, , wanted]) => wanted === ref) ?? [];
    if (inTheWay !== undefined) return { ref, rejected: { reason: `${inTheWay} is in the way there`, said: "" } };
    const reason = /\((.*)\)$/.exec(summary)?.[1] ?? summary;
    return { ref, rejected: { reason, said: said.trim() } };
  });
}

/** Whether a ref was not taken only because somebody else was faster. */
export function wasOvertaken({ rejected }: PushedRef): boolean {
  const overtaken =
    /non-fast-forward|fetch first|already exists|stale info|cannot lock ref|failed to (?:update|lock) ref|incorrect old value/;
  return rejected !== null && overtaken.test(rejected.reason);
}

/** What git says of a failure, on one line, without credentials and without a period. */
function reasonOf(output: string): string {
  const lines = plainText(output).split("\n");
  const messages = lines.map((line) => line.replace(/^(fatal|error|remote): /, "").trim()).filter(Boolean);
  return withoutCredentials(messages[0] ?? `nothing within ${patience} s`).replace(/\.$/, "");
}
