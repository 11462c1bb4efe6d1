import { readFile } from "node:fs/promises";
import { type CommitObject, isNoObject, isObjectId } from "../../git/object-reader.ts";
import { RequestError } from "../../shared/errors.ts";
import type { Environment } from "../../shared/world.ts";
import type { RemoteRefs } from "./remote-view.ts";

/** A commit whose policy judges, by its full id. */
export interface BasePosition {
  /** What people call it, such as "main". */
  readonly name: string;
  readonly id: string;
}

/** The branches that are named as bases: by option, which is the caller's own word, else by CI. Short names. */
export function namedBranches(
  asked: string | undefined,
  { GITHUB_BASE_REF, CI_MERGE_REQUEST_TARGET_BRANCH_NAME }: Environment,
): string[] {
  const name = asked ?? (GITHUB_BASE_REF || CI_MERGE_REQUEST_TARGET_BRANCH_NAME);
  return name ? [shortBranch(name)] : [];
}

/** A branch's short name. */
export function shortBranch(name: string): string {
  return name.replace(/^refs\/heads\//, "");
}

/**
 * The commits whose policies all judge. The target that CI names is chosen by whoever opens the pull request, and may be
 * any branch, with a policy of its owner's taste: so the default branch judges as well, unless the base was asked for by
 * option. For a commit that is on a base already, what that was before the push judges as well: no policy judges alone
 * over the push that brings it. Gives a sentence where there is nothing before. Throws RequestError for branches that are
 * not there.
 */
export async function findBases(
  commit: CommitObject,
  { remote, base, listed }: { readonly remote: string; readonly base: string | undefined; readonly listed: RemoteRefs },
  environment: Environment,
): Promise<BasePosition[] | string> {
  if (base === "") throw new RequestError("--base is empty: name the branch, such as main.");
  const tips = namedBranches(base, environment).map((name) => {
    const id = listed.refs.get(`refs/heads/${name}`);
    if (id === undefined) throw new RequestError(`${remote} has no branch "${name}", whose policy is asked for.`);
    return { name, id };
  });
  if (base === undefined) {
    if (listed.head === null) throw new RequestError(`${remote} names no default branch: name the base by --base.`);
    const name = shortBranch(listed.head.ref);
    if (!tips.some((tip) => tip.name === name)) tips.unshift({ name, id: listed.head.id });
  }
  const earlier = await Promise.all(tips.map((tip) => positionBefore(tip, commit, environment)));
  const fresh = tips.find((_, index) => earlier[index] === null);
  if (fresh)
    return `It is not known what ${fresh.name} was before this push, so there is no policy to judge by: it takes a run.`;
  return tips.flatMap((tip, index) => [tip, ...(earlier[index] ?? [])]);
}

/**
 * What a branch was before the push that brought the commit; empty where the commit is not on it, null where nothing was.
 */
async function positionBefore(
  { name, id }: BasePosition,
  commit: CommitObject,
  environment: Environment,
): Promise<BasePosition[] | null> {
  const pushed = await pushedOnto(name, environment);
  if (pushed === undefined && commit.id !== id) return [];
  const before = pushed === undefined ? commit.parents[0] : pushed;
  return before ? [{ name: `${name} before the push`, id: before }] : null;
}

/**
 * The commit that a branch was at before the push that CI runs for; null where CI does not tell or the branch was new,
 * undefined where CI runs for something else.
 */
async function pushedOnto(branch: string, environment: Environment): Promise<string | null | undefined> {
  const { GITHUB_EVENT_NAME, GITHUB_REF, GITHUB_EVENT_PATH, CI_COMMIT_BRANCH, CI_COMMIT_BEFORE_SHA } = environment;
  if (GITHUB_EVENT_NAME === "push" && GITHUB_REF === `refs/heads/${branch}`) {
    return objectOrNull(await readBefore(GITHUB_EVENT_PATH ?? ""));
  }
  // GitLab gives zeros for whatever is not a push, too.
  if (CI_COMMIT_BRANCH === branch && CI_COMMIT_BEFORE_SHA && !isNoObject(CI_COMMIT_BEFORE_SHA)) {
    return objectOrNull(CI_COMMIT_BEFORE_SHA);
  }
  return undefined;
}

function objectOrNull(id: unknown): string | null {
  return typeof id === "string" && isObjectId(id) && !isNoObject(id) ? id : null;
}

async function readBefore(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"))?.before;
  } catch {
    return null;
  }
}
