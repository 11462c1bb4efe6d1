import type { LoadedConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import type { Changes, PushDestination } from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import { findPushDestination } from "../push/push-destination.ts";
import type { Target } from "../push/refs.ts";
import { readChanges } from "../report/changes.ts";
import { background } from "../shared/background.ts";
import { type BaseFacts, readBaseFacts } from "../trust/base-facts.ts";

/** What a target is compared with, and where it goes: computed while its suites run. */
export interface ChangeFacts extends BaseFacts {
  /**
   * Null where there is nothing to compare with, or git fails: then the reports omit them, and the verdict is
   * unaffected.
   */
  readonly changes: Promise<Changes | null>;
  /** Where its branch is pushed; null where unknown. */
  readonly destination: Promise<PushDestination | null>;
}

/** Begins to compute what a target is compared with, and where it goes. */
export function readChangeFacts(
  { request, repository }: { request: VerifyRequest; repository: Repository },
  { config }: LoadedConfig,
  { kind }: Checkout,
  { commit, branch }: Target,
): ChangeFacts {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  const facts = readBaseFacts(repository, config, { commit, remote, isWorkingTree: kind === "working tree" });
  const changes = facts.mergeBase.then((found) =>
    typeof found === "string" ? null : readChanges(repository.git, commit, found),
  );
  const destination = background(findPushDestination(repository.git, branch, remote));
  return { ...facts, changes: changes.catch(() => null), destination };
}
