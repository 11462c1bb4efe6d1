import { gitLineOrNull } from "../git/client.ts";
import { defaultRemote, readRemotes } from "../git/remotes.ts";
import type { Repository } from "../git/repository.ts";
import { RequestError } from "../shared/errors.ts";
import { withoutCredentials } from "../shared/redact.ts";
import { shortId } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";
import { type ForgeKind, forgeKind, ownerOf, parseRemoteUrl } from "./remote.ts";
import { commandLine, type Run, requireOutput } from "./run.ts";

/** A branch's push destination on a forge. */
export interface ForgeBranch {
  /** The local branch name. */
  readonly branch: string;
  /** The remote's name, or a URL where the configuration has one instead. */
  readonly remote: string;
  /** May contain a password; do not display it. */
  readonly url: string;
  readonly kind: ForgeKind;
  /** The branch name on the remote. */
  readonly remoteBranch: string;
  /** The owner of the remote repository. */
  readonly owner: string;
}

/**
 * Finds the push destination of HEAD's branch and the kind of its host. Throws RequestError on a detached HEAD or the
 * base branch, without a remote, and for an unknown host.
 */
export async function findForgeBranch(
  { git }: Pick<Repository, "git">,
  base: string,
  environment: Environment,
): Promise<ForgeBranch> {
  const ask = (...args: string[]): Promise<string | null> => gitLineOrNull(git, ...args);
  const branch = await ask("symbolic-ref", "--quiet", "--short", "HEAD");
  if (!branch) {
    throw new RequestError("HEAD is on no branch, and a pull request needs one: `git switch -c NAME` makes it.");
  }
  if (branch === base) {
    throw new RequestError(
      `${branch} is the base branch itself: commit on another branch (\`git switch -c NAME\`), or name another base with --base.`,
    );
  }
  const remote = await findRemote(git, branch);
  const url = (await ask("remote", "get-url", "--push", "--", remote)) ?? remote;
  const address = parseRemoteUrl(url);
  const kind = forgeKind(address, (await ask("config", "pushproof.host")) || null, environment);
  if (kind === null) throw unknownHost(remote, address.host);
  const named = await findRemoteBranch(ask, branch, remote);
  return {
    branch,
    remote,
    url,
    kind,
    // A branch created from the base may track it, but its commits do not belong there.
    remoteBranch: named === base ? branch : named,
    owner: ownerOf(address),
  };
}

/**
 * Checks that the remote branch is at HEAD. Throws RequestError with the command that pushes it, UnavailableError where
 * the remote cannot be read.
 */
export async function requirePushed(
  { branch, remote, remoteBranch }: ForgeBranch,
  commit: string,
  { run, git }: { run: Run; git: Repository["git"] },
): Promise<void> {
  const there = await remoteTip(run, remote, remoteBranch);
  if (there === commit) return;
  const isBehind = there === null || (await gitLineOrNull(git, "merge-base", "--is-ancestor", there, commit)) !== null;
  const what = branch === remoteBranch ? branch : `${branch}:${remoteBranch}`;
  const push = [
    "push",
    ...(there === null ? ["--set-upstream"] : isBehind ? [] : ["--force-with-lease"]),
    remote,
    what,
  ];
  const state =
    there === null
      ? `${remoteBranch} is not on ${withoutCredentials(remote)} yet`
      : `${remoteBranch} on ${withoutCredentials(remote)} is at ${shortId(there)}, not at ${shortId(commit)}`;
  throw new RequestError(
    `${state}: push it with \`${withoutCredentials(commandLine("git", push))}\`, then do this again.`,
  );
}

/** The commit of a remote branch, or null. */
export async function remoteTip(run: Run, remote: string, branch: string): Promise<string | null> {
  const ref = `refs/heads/${branch}`;
  const lines = (await requireOutput(run, "git", ["ls-remote", "--", remote, ref])).split("\n");
  return lines.map((line) => line.split("\t")).find(([, name]) => name === ref)?.[0] ?? null;
}

type Ask = (...args: string[]) => Promise<string | null>;

async function findRemote(git: Repository["git"], branch: string): Promise<string> {
  const { names, ofBranch } = await readRemotes(git);
  const [configured] = ofBranch(branch);
  if (configured !== undefined) return configured;
  if (names.length === 0) {
    throw new RequestError("There is no remote to open a pull request at: `git remote add origin URL` adds one.");
  }
  const remote = defaultRemote(names);
  if (remote !== null) return remote;
  throw new RequestError(
    `There are several remotes (${names.join(", ")}), and none is called origin: \`git config branch.${branch}.pushRemote NAME\` says which one it is.`,
  );
}

/** The remote name of the branch for a plain `git push`: by the remote's refspecs, or the upstream where configured. */
async function findRemoteBranch(ask: Ask, branch: string, remote: string): Promise<string> {
  const mapped = await ask("for-each-ref", "--format=%(push:remoteref)", `refs/heads/${branch}`);
  const followsUpstream = /^(upstream|tracking)$/.test((await ask("config", "push.default")) ?? "");
  const isUpstreams = followsUpstream && (await ask("config", `branch.${branch}.remote`)) === remote;
  const ref = mapped || (isUpstreams && (await ask("config", `branch.${branch}.merge`))) || branch;
  return ref.replace(/^refs\/heads\//, "");
}

function unknownHost(remote: string, host: string | null): RequestError {
  const what = host === null ? "a directory" : `at ${host}`;
  return new RequestError(
    `The remote ${withoutCredentials(remote)} is ${what}, which does not say what kind of host it is: \`git config pushproof.host gitlab\` says so (or github, or gitea, which is for Forgejo too).`,
  );
}
