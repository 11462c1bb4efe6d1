import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "../../git/client.ts";
import type { CommitObject } from "../../git/object-reader.ts";
import { defaultRemote, listRemotes } from "../../git/remotes.ts";
import type { Repository } from "../../git/repository.ts";
import { readRevision } from "../../push/refs.ts";
import { RequestError, UnavailableError } from "../../shared/errors.ts";
import { shortId } from "../../shared/text.ts";
import type { Environment, World } from "../../shared/world.ts";
import { type Base, type BasePolicy, readBasePolicy, whyNoPolicy } from "../policy/read.ts";
import { shardOf } from "../travel/shards.ts";
import { type BasePosition, findBases, namedBranches } from "./bases.ts";
import { type Decision, decide } from "./decide.ts";
import { type FoundEnvelopes, readEnvelopes } from "./envelopes.ts";
import { RemoteView } from "./remote-view.ts";

/** What `verify check` is asked. */
export interface CheckRequest {
  /** HEAD where it is left out. */
  readonly revision?: string | undefined;
  /** The base branch; left out, the one that CI names, with the remote's default branch. */
  readonly base?: string | undefined;
  /** The remote's name; left out, `origin` or the only one. */
  readonly remote?: string | undefined;
}

/** The answer. */
export interface CheckResult {
  readonly commit: CommitObject;
  readonly decision: Decision;
  /** The bases whose policies were asked. */
  readonly bases: readonly Base[];
  readonly remote: string;
}

/**
 * Asks the remote whether a trusted receipt proves a commit's tree. Nothing of the checkout is run, read as
 * configuration or changed. Throws RequestError for an invalid policy, UnavailableError where the remote does not answer.
 */
export async function checkCommit(request: CheckRequest, repository: Repository, world: World): Promise<CheckResult> {
  const { git } = repository;
  const id = await readOneRevision(repository, world.environment, request.revision ?? "HEAD");
  const remote = request.remote ?? (await onlyRemote(git));
  const view = await RemoteView.open(repository, remote, world);
  try {
    const commit = await readCommit(view, id);
    return { commit, remote, ...(await ask(view, commit, { remote, base: request.base }, world)) };
  } finally {
    await view.close();
  }
}

/** The commit of a revision. A tag must not be able to answer for a branch of its name: anybody may push one. */
async function readOneRevision(repository: Repository, environment: Environment, revision: string): Promise<string> {
  const { commit } = await readRevision(repository, environment, revision);
  const words = ["rev-parse", "--quiet", "--verify", "--end-of-options", `refs/heads/${revision}^{commit}`];
  const branch = revision === "HEAD" ? null : await gitLineOrNull(repository.git, ...words);
  if (branch === null || branch === commit) return commit;
  throw new RequestError(
    `"${revision}" is a branch and something else here: say refs/heads/${revision} or a commit's id.`,
  );
}

async function onlyRemote(git: SimpleGit): Promise<string> {
  const remotes = await listRemotes(git);
  const remote = defaultRemote(remotes);
  if (remote !== null) return remote;
  throw new RequestError(
    remotes.length === 0
      ? "This repository has no remote to ask: `git remote add origin URL` names one."
      : `It is not clear which remote to ask: name one by --remote. Known: ${remotes.join(", ")}.`,
  );
}

async function ask(
  view: RemoteView,
  commit: CommitObject,
  { remote, base }: { readonly remote: string; readonly base: string | undefined },
  { environment }: World,
): Promise<Pick<CheckResult, "decision" | "bases">> {
  const receipts = shardOf(commit.tree);
  const named = namedBranches(base, environment).map((name) => `refs/heads/${name}`);
  const listed = await view.list([...named, receipts]);
  const positions = await findBases(commit, { remote, base, listed }, environment);
  if (typeof positions === "string") return { bases: [], decision: { verified: false, reason: positions } };
  const holder = listed.refs.get(receipts);
  await view.fetchCommits([...positions.map(({ id }) => id), ...(holder === undefined ? [] : [holder])]);
  const bases = await Promise.all(positions.map((position) => readBase(view, position)));
  const policies: BasePolicy[] = [];
  for (const found of bases) {
    const policy = await readBasePolicy(view.reader, found, view.directory);
    if (policy === null) return { bases, decision: { verified: false, reason: whyNoPolicy(found) } };
    policies.push(policy);
  }
  const envelopes: FoundEnvelopes =
    holder === undefined ? { texts: [], total: 0 } : await readEnvelopes(view.reader, holder, commit.tree);
  const question = { commit, envelopes, bases: policies, where: `on ${remote}`, now: new Date() };
  return { bases, decision: await decide(question, view.reader, environment) };
}

async function readBase(view: RemoteView, { name, id }: BasePosition): Promise<Base> {
  return { name, commit: await readCommit(view, id) };
}

async function readCommit(view: RemoteView, id: string): Promise<CommitObject> {
  const commit = await view.reader.commit(id);
  if (commit !== null) return commit;
  throw new UnavailableError(`Git cannot read the commit ${shortId(id)}: \`git fsck\` shows what is missing.`);
}
