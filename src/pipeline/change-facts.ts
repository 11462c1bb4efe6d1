import type { LoadedConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import type { Changes, PushDestination } from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Target } from "../push/refs.ts";
import type { PullRequestTemplate } from "../report/pull-request/template.ts";
import { background } from "../shared/background.ts";
import type { SpareTime } from "../shared/spare-time.ts";
import { type BaseFacts, readBaseFacts } from "../trust/base-facts.ts";

/** What a target is compared with, and where it goes: what only reports need is computed in spare time. */
export interface ChangeFacts extends BaseFacts {
  /**
   * Null where there is nothing to compare with, or git fails: then the reports omit them, and the verdict is
   * unaffected.
   */
  readonly changes: Promise<Changes | null>;
  /** Where its branch is pushed; null where unknown. */
  readonly destination: Promise<PushDestination | null>;
  /** The repository's template of pull requests; null where there is none. */
  readonly template: Promise<PullRequestTemplate | null>;
}

/** Begins to compute what gates compare a target with; the rest once spare time begins. */
export function readChangeFacts(
  { request, repository }: { request: VerifyRequest; repository: Repository },
  { config }: LoadedConfig,
  { kind }: Pick<Checkout, "kind">,
  { commit, branch }: Target,
  spare: SpareTime,
): ChangeFacts {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  const asked = { commit, remote, isWorkingTree: kind === "working tree" };
  const isGate = config.coverage.ratchet || config.coverage.changedLines !== undefined;
  const facts = readBaseFacts(repository, config, asked, isGate ? undefined : spare.begun);
  const inSpareTime = <Value>(work: () => Promise<Value>): Promise<Value> => background(spare.begun.then(work));
  const changes = inSpareTime(async () => {
    const found = await facts.mergeBase;
    if (typeof found === "string") return null;
    const { readChanges } = await import("../report/changes.ts");
    return await readChanges(repository.git, commit, found);
  });
  const destination = inSpareTime(async () => {
    const { findPushDestination } = await import("../push/push-destination.ts");
    return await findPushDestination(repository.git, branch, remote);
  });
  const template = inSpareTime(async () => {
    const { readPullRequestTemplate } = await import("../report/pull-request/template.ts");
    return await readPullRequestTemplate(repository.git, commit);
  });
  return { ...facts, changes: changes.catch(() => null), destination, template };
}
