import { branchInCi } from "../config/ci-run.ts";
import { configPlaces, type LoadedConfig, loadConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import { type Checkout, openCheckout, openWorkingTree } from "../push/checkout.ts";
import { type Push, readPush, readRevision, type Target } from "../push/refs.ts";
import { RequestError } from "../shared/errors.ts";
import { shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import type { Context } from "./context.ts";

/** The commits to verify, and the refs that need no verification. */
export async function readSubject(
  repository: Repository,
  { subject, options, merge }: VerifyRequest,
  { environment }: World,
): Promise<Push> {
  if (subject.kind === "push") return await readPush(repository, environment, subject.lines);
  const target = await readRevision(repository, environment, subject.kind === "revision" ? subject.revision : "HEAD");
  // CI services check out a commit without its branch, by which durations and records are kept.
  const isPart = options.shard !== undefined || merge !== undefined;
  const branch = target.branch ?? (isPart ? branchInCi(environment) : null);
  return { targets: [{ ...target, branch }], skipped: [] };
}

/** Opens the files of a commit, or of the working tree where requested. */
export async function openFiles({ request, repository, world }: Context, target: Target): Promise<Checkout> {
  if (request.subject.kind === "working tree") return await openWorkingTree(repository);
  return await openCheckout(repository, target, world.environment);
}

/** "main at 1a2b3c4d, in place". */
export function describeCheckout({ kind }: Checkout, { commit, branch }: Target): string {
  const name = branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`;
  if (kind === "working tree") return `the working tree, uncommitted files included, on top of ${name}`;
  return kind === "checkout" ? `${name}, in place` : `${name}, in a worktree of its own`;
}

/** The configuration of the verified files. Throws RequestError where there is none. */
export async function requireConfig(checkout: Checkout, repository: Repository, target: Target): Promise<LoadedConfig> {
  const loaded = await loadConfig(checkout.root);
  if (loaded !== null) {
    if (checkout.kind === "checkout") await refuseShadow(checkout, loaded.file, target);
    return loaded;
  }
  const here = await loadConfig(repository.root).catch(() => null);
  throw new RequestError(
    here === null
      ? `${shortId(target.commit)} has no verify.config.json: run \`npx verify init\` and commit what it writes.`
      : `${here.file} is not part of ${shortId(target.commit)}: commit it, as only what is committed is verified.`,
  );
}

/** An untracked configuration must not take precedence over the commit's. Throws RequestError. */
async function refuseShadow(checkout: Checkout, file: string, { commit }: Target): Promise<void> {
  const tracked = await checkout.trackedFiles();
  if (tracked.has(file)) return;
  // package.json may exist without containing a configuration.
  const committed = configPlaces.find((place) => place !== "package.json" && tracked.has(place));
  if (committed === undefined) return;
  throw new RequestError(
    `${file} is not part of ${shortId(commit)} and takes precedence over ${committed}, which is: remove it, or commit it instead.`,
  );
}
