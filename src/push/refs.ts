import type { SimpleGit } from "simple-git";
import type { PushLine, Subject } from "../config/request.ts";
import { gitLineOrNull } from "../git/client.ts";
import { readObjects } from "../git/objects.ts";
import type { Repository } from "../git/repository.ts";
import { RequestError, UnavailableError, UnknownRevisionError } from "../shared/errors.ts";
import { shortId } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";

/** A commit to verify. */
export interface Target {
  /** Its full object id. */
  readonly commit: string;
  /** The full object id of its tree. */
  readonly tree: string;
  /** The branch it is pushed from or to, or null. */
  readonly branch: string | null;
}

/** Whether a commit is verified for the base branch: it is of that branch, or pushed to it. */
export function isForBase({ branch }: Pick<Target, "branch">, subject: Subject, base: string): boolean {
  if (branch === base) return true;
  if (subject.kind !== "push") return false;
  // Of several commits in a push, one may stand for another with the same tree.
  return subject.lines.some(({ remoteRef }) => remoteRef === `refs/heads/${base}`);
}

/** The commits of a push. */
export interface Push {
  /**
   * The distinct commits to verify. Of two with the same tree only one is listed, unless a gate depends on the merge
   * base.
   */
  readonly targets: readonly Target[];
  /** Refs that need no verification, with the reason; a line each. */
  readonly skipped: readonly string[];
}

/** Parses git's lines. Throws RequestError for anything else. */
export function parsePushLines(input: string): PushLine[] {
  return input
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, localRef, localObject, remoteRef, remoteObject] = pushLine.exec(line) ?? [];
      if (!localRef || !localObject || !remoteRef || !remoteObject) {
        throw new RequestError(
          `"${line}" is not a line of git's pre-push hook: expected "<local ref> <object> <remote ref> <object>".`,
        );
      }
      return { localRef, localObject, remoteRef, remoteObject };
    });
}

/**
 * The local ref is as the user wrote it and may contain blanks: `git push origin 'HEAD^{/fix this}:refs/heads/fix'`.
 */
const pushLine = /^(.+) ([0-9a-f]{40}|[0-9a-f]{64}) (\S+) ([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Finds the commits of a push; tags are peeled. */
export async function readPush(
  { git, root }: Pick<Repository, "git" | "root">,
  environment: Environment,
  lines: readonly PushLine[],
): Promise<Push> {
  const known = await readTargets(root, environment, lines);
  const targets = new Map<string, Target>();
  const skipped: string[] = [];
  for (const line of lines) {
    // A deletion has an all-zero id, in the repository's hash length.
    if (/^0+$/.test(line.localObject)) {
      skipped.push(`${shortRef(line.remoteRef)} is deleted: nothing to verify.`);
      continue;
    }
    // Commits under refs/notes are skipped, but a branch pushed there is still verified.
    if (line.remoteRef.startsWith("refs/notes/") && line.localRef.startsWith("refs/notes/")) {
      skipped.push(`${line.remoteRef} holds notes, not files: nothing to verify.`);
      continue;
    }
    const found = known.get(line.localObject);
    const target = found && { ...found, branch: branchOf(line) };
    if (!target) skipped.push(await describeNoCommit(git, line));
    else if (!targets.has(target.commit)) targets.set(target.commit, target);
  }
  if (lines.length === 0) skipped.push("Nothing new is pushed: nothing to verify.");
  return { targets: [...targets.values()], skipped };
}

/** The commit and tree of each pushed object, read at once: a push may contain thousands of tags. */
async function readTargets(
  root: string,
  environment: Environment,
  lines: readonly PushLine[],
): Promise<Map<string, Omit<Target, "branch">>> {
  const pushed = [...new Set(lines.map(({ localObject }) => localObject))].filter((id) => !/^0+$/.test(id));
  const names = pushed.flatMap((id) => [`${id}^{commit}`, `${id}^{tree}`]);
  const objects = await readObjects(root, environment, names);
  return new Map(
    pushed.flatMap((id, index) => {
      const [commit, tree] = [objects[2 * index], objects[2 * index + 1]];
      return commit?.type === "commit" && tree ? [[id, { commit: commit.id, tree: tree.id }] as const] : [];
    }),
  );
}

/** A tag may name a file or directory. Throws UnavailableError for a missing object, which must not pass. */
async function describeNoCommit(git: SimpleGit, { localObject, remoteRef }: PushLine): Promise<string> {
  const kind = await gitLineOrNull(git, "cat-file", "-t", `${localObject}^{}`);
  if (kind !== "blob" && kind !== "tree") {
    throw new UnavailableError(
      `Git cannot read ${localObject.slice(0, 10)}, which is pushed to ${shortRef(remoteRef)}: \`git fsck\` shows what is missing.`,
    );
  }
  return `${shortRef(remoteRef)} leads to no commit: nothing to verify.`;
}

/** The commit of a revision. Throws UnknownRevisionError where there is none. */
export async function readRevision(
  { git, root }: Pick<Repository, "git" | "root">,
  environment: Environment,
  revision: string,
): Promise<Target> {
  if (revision === "HEAD") return (await readHead(git)) ?? (await refuseRevision(git, revision));
  // A line end would be taken for the end of the name.
  const names = revision.includes("\n") ? [] : [`${revision}^{commit}`, `${revision}^{tree}`];
  const [head, named, [commit, tree]] = await Promise.all([
    readHead(git),
    gitLineOrNull(git, "show-ref", "--verify", "--hash", `refs/heads/${revision}`),
    readObjects(root, environment, names),
  ]);
  if (!commit || !tree) return await refuseRevision(git, revision);
  const target = { commit: commit.id, tree: tree.id };
  // A tag of the same name takes precedence over the branch.
  if (named === target.commit) return { ...target, branch: revision };
  return { ...target, branch: target.commit === head?.commit ? head.branch : null };
}

/** The commit that is checked out, with its branch; null where there is none yet. */
async function readHead(git: SimpleGit): Promise<Target | null> {
  const answer = await gitLineOrNull(git, "rev-parse", "HEAD^{commit}", "HEAD^{tree}", "--symbolic-full-name", "HEAD");
  const [commit, tree, ref = ""] = answer?.split("\n") ?? [];
  if (!commit || !tree) return null;
  return { commit, tree, branch: ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null };
}

async function refuseRevision(git: SimpleGit, revision: string): Promise<never> {
  await requireReadable(git, revision);
  const empty = revision === "HEAD" ? "there is no commit yet" : "`git branch --all` and `git log` show what there is";
  throw new UnknownRevisionError(`"${revision}" names no commit in this repository: ${empty}.`);
}

/** Throws UnavailableError where a revision is the id of an object that is missing, or a commit without its files. */
async function requireReadable(git: SimpleGit, revision: string): Promise<void> {
  const id = await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", "--end-of-options", revision);
  if (!id) return;
  const kind = await gitLineOrNull(git, "cat-file", "-t", id);
  if (kind === "blob" || kind === "tree") return;
  throw new UnavailableError(
    `Git cannot read "${revision}": the commit ${shortId(id)} or its files are missing or damaged. \`git fsck\` shows what is wrong.`,
  );
}

/** Never from HEAD, as any commit may be pushed under any name. */
function branchOf(line: PushLine): string | null {
  for (const ref of [line.localRef, line.remoteRef]) {
    if (ref.startsWith("refs/heads/")) return ref.slice("refs/heads/".length);
  }
  return null;
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, "");
}
