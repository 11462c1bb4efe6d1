import { realpath } from "node:fs/promises";
import type { PushLine } from "../config/request.ts";
import { gitLine, gitLineOrNull } from "../git/client.ts";
import { readObjects } from "../git/objects.ts";
import { defaultRemote, listRemotes } from "../git/remotes.ts";
import type { Repository } from "../git/repository.ts";
import { UnavailableError } from "../shared/errors.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import type { Environment } from "../shared/world.ts";
import { dryRunOf } from "./push-command.ts";
import { findPushingProcess, type PushingProcess } from "./pushing-process.ts";

/** The commits of a push, found without git's lines. */
export interface FoundPush {
  readonly lines: readonly PushLine[];
  /** How they were found, a sentence for the user; null where there is nothing to add. */
  readonly remark: string | null;
}

interface Asked {
  readonly repository: Repository;
  /** The hook's arguments, as far as its manager passes them on. */
  readonly remote: string;
  readonly url: string;
  /** The hook's environment, with git's variables for the push. */
  readonly environment: Environment;
}

const zeros = "0".repeat(40);
/** How many lines of git's own are passed on. */
const mostWords = 12;
/** How long git may take to contact the remote, in milliseconds, possibly asking for a password. */
const patience = 60_000;

/**
 * Finds out what is pushed where the hook did not get git's lines. Repeats the waiting `git push` as a dry run, which
 * is exact. If that fails, takes every branch that the remote lacks, HEAD, and whatever the push names.
 */
export async function findPush(asked: Asked): Promise<FoundPush> {
  const pushing = await findPushingProcess();
  const lines = pushing === null ? null : await repeatPush(pushing, asked);
  if (lines !== null) return { lines, remark: null };
  return await whatMayBePushed(asked, pushing?.args ?? []);
}

/** The result of the same push as a dry run; null where that fails. */
async function repeatPush(pushing: PushingProcess, { repository, environment }: Asked): Promise<PushLine[] | null> {
  // The push is for another repository, whose hook called us.
  if (pushing.directory !== null && (await realpath(repository.root)) !== pushing.directory) return null;
  const { code, output } = await runGit(repository.root, environment, dryRunOf(pushing));
  const rows = output.split("\n");
  // Git exits with 1 where it rejects a ref, which it then does not push.
  if (!rows.includes("Done") || (code !== 0 && !rows.some((row) => row.startsWith("!\t")))) return null;
  return await linesOf(rows, repository, environment);
}

/** What a `git push` with some arguments would send, and to which URL. */
export interface RehearsedPush {
  readonly lines: readonly PushLine[];
  readonly url: string;
}

/**
 * Asks git what a push with these arguments would send, from a directory, which takes a short connection. Throws
 * UnavailableError with git's own words where git would refuse it, or the server part of it.
 */
export async function rehearsePush(
  args: readonly string[],
  directory: string,
  { repository, environment }: Pick<Asked, "repository" | "environment">,
): Promise<RehearsedPush> {
  const { code, output, errors } = await runGit(directory, environment, dryRunOf({ settings: [], args }));
  const rows = output.split("\n");
  const lines = code === 0 ? await linesOf(rows, repository, environment) : null;
  if (lines === null) {
    const rejected = rows.filter((row) => row.startsWith("!\t")).map((row) => row.replaceAll("\t", " "));
    // Of a misspelled option, git explains all.
    const said = [...rejected, ...errors.trim().split("\n")].filter(Boolean).slice(0, mostWords);
    const words = said.map((line) => `  ${line}`);
    throw new UnavailableError(["Git would not push this, so nothing was verified:", ...words].join("\n"));
  }
  return { lines, url: /^To (.*)$/m.exec(output)?.[1] ?? "" };
}

/** What a dry run's rows say is pushed; null where that cannot be read. */
async function linesOf(
  rows: readonly string[],
  { root }: Repository,
  environment: Environment,
): Promise<PushLine[] | null> {
  const sent = rows.flatMap((row) => {
    const [flag = "", refs = "", summary = ""] = row.split("\t");
    if (![" ", "+", "*", "-"].includes(flag)) return [];
    const [, localRef = "", remoteRef = ""] = /^(.*):([^:]+)$/.exec(refs) ?? [];
    return [{ localRef, remoteRef, before: /^[0-9a-f]{4,}/.exec(summary)?.[0] ?? "" }];
  });
  // Asked of one git, as a push may hold thousands of tags; what is no name leads nowhere.
  const names = sent.flatMap(({ localRef, before }) => [localRef, before]);
  const objects = await readObjects(root, environment, names);
  const lines = sent.map(({ localRef, remoteRef }, index) => {
    const localObject = localRef === "" ? zeros : objects[2 * index]?.id;
    if (remoteRef === "" || localObject === undefined) return null;
    return {
      localRef: localRef || "(delete)",
      localObject,
      remoteRef,
      remoteObject: objects[2 * index + 1]?.id ?? zeros,
    };
  });
  return lines.some((line) => line === null) ? null : lines.filter((line) => line !== null);
}

/** Everything that a push may include: branches that the remote lacks, HEAD, and what its arguments name. */
async function whatMayBePushed(
  { repository, remote, url, environment }: Asked,
  args: readonly string[],
): Promise<FoundPush> {
  const { git, root } = repository;
  const known = await listRemotes(git);
  const named = [remote, environment.PRE_COMMIT_REMOTE_NAME].find((name) => name && known.includes(name));
  // Pushes may go to another URL than fetches.
  const asked = looksLikeUrl(url) ? url : (named ?? defaultRemote(known));
  const there = asked === null ? null : await remoteObjects(root, environment, asked);
  const heads = await readHeads(repository, args.some(bringsTags));
  const missing = await commitsLacking(root, environment, heads, there ?? ["--remotes"]);
  const isAsked = (head: Head): boolean =>
    head.ref === "HEAD" || head.ref === environment.PRE_COMMIT_LOCAL_BRANCH || missing.has(head.commit);
  const chosen = heads.filter(isAsked);
  const first = environment.PRE_COMMIT_TO_REF;
  const object = first ? await objectOf(git, first) : null;
  if (object !== null) chosen.unshift({ ref: environment.PRE_COMMIT_LOCAL_BRANCH || "HEAD", commit: object });
  chosen.push(
    ...(await namedBy(args, known, git)).filter((head) => !chosen.some(({ commit }) => commit === head.commit)),
  );
  const lines = chosen.map(({ ref, commit }) => lineOf(ref, commit));
  const names = [...new Set(chosen.map(({ ref }) => ref.replace(/^refs\/heads\//, "")))].join(", ");
  return {
    lines,
    remark: `The hook got no lines from git, so it verifies ${names} (HEAD, what the push names, and what ${named ?? asked ?? "the remote"} lacks).`,
  };
}

interface Head {
  readonly ref: string;
  readonly commit: string;
}

/** HEAD, all local branches, and tags if wanted; each commit once. */
async function readHeads({ git }: Repository, withTags: boolean): Promise<Head[]> {
  const commit = "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)";
  const places = ["refs/heads", ...(withTags ? ["refs/tags"] : [])];
  const listing = await gitLine(git, "for-each-ref", `--format=${commit} %(refname)`, ...places);
  const branches = listing
    .split("\n")
    .filter(Boolean)
    .map((row) => ({ commit: row.slice(0, row.indexOf(" ")), ref: row.slice(row.indexOf(" ") + 1) }));
  const head = await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", "HEAD^{commit}");
  const current = await gitLineOrNull(git, "symbolic-ref", "--quiet", "HEAD");
  if (!head) return branches;
  const others = branches.filter(({ ref, commit }) => ref !== current && commit !== head);
  return [{ ref: "HEAD", commit: head }, ...others];
}

function bringsTags(word: string): boolean {
  return /^--(tags|follow-tags|mirror)$/.test(word);
}

/** Revisions that a push's arguments name, such as `main~1:refs/heads/old`, which may be no branch's head. */
async function namedBy(args: readonly string[], remotes: readonly string[], git: Repository["git"]): Promise<Head[]> {
  const sources = args
    .filter((word) => !word.startsWith("-") && !remotes.includes(word))
    .map((word) => word.replace(/^\+/, "").replace(/:[^:]*$/, ""));
  const found = await Promise.all(
    sources.map(async (ref) => ({ ref, commit: ref === "" ? null : await objectOf(git, `${ref}^{commit}`) })),
  );
  return found.flatMap(({ ref, commit }) => (commit === null ? [] : [{ ref, commit }]));
}

/** The objects of the remote's refs; null where it does not answer. */
async function remoteObjects(root: string, environment: Environment, remote: string): Promise<string[] | null> {
  const { code, output } = await runGit(root, environment, ["ls-remote", "--quiet", "--refs", "--", remote]);
  if (code !== 0) return null;
  return output
    .split("\n")
    .filter(Boolean)
    .map((row) => `^${row.slice(0, row.indexOf("\t"))}`);
}

/** The commits of heads that the remote does not have. */
async function commitsLacking(
  root: string,
  environment: Environment,
  heads: readonly Head[],
  there: readonly string[],
): Promise<Set<string>> {
  const wanted = heads.map(({ commit }) => commit);
  const [inputs, revisions] = there[0]?.startsWith("--")
    ? [wanted, ["--not", ...there]]
    : [[...wanted, ...there], [] as string[]];
  const { code, output } = await runGit(
    root,
    environment,
    ["rev-list", "--ignore-missing", "--stdin", ...revisions],
    `${inputs.join("\n")}\n`,
  );
  // If git fails, all count as missing.
  return new Set(code === 0 ? output.split("\n") : wanted);
}

function lineOf(ref: string, commit: string): PushLine {
  return { localRef: ref, localObject: commit, remoteRef: ref, remoteObject: zeros };
}

async function objectOf(git: Repository["git"], revision: string): Promise<string | null> {
  return (await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", "--end-of-options", revision)) || null;
}

function looksLikeUrl(url: string): boolean {
  return /^[^-].*[:/]/.test(url);
}

/** Runs git with the push's environment, which simple-git would reject. */
async function runGit(
  directory: string,
  environment: Environment,
  args: readonly string[],
  input = "",
): Promise<{ code: number | null; output: string; errors: string }> {
  const { exitCode, stdout, stderr } = await runProgram(["git", ...args], {
    directory,
    environment: { ...environment, LC_ALL: "C.UTF-8", GIT_TERMINAL_PROMPT: "0" },
    timeout: patience,
    input,
  });
  return { code: exitCode, output: stdout, errors: stderr };
}
