import type { LoadedConfig } from "./config-file.ts";
import { FigureStore, type RecordedFigure } from "./coverage/recorded-figures.ts";
import type { Checkout } from "./push/checkout.ts";
import { findMergeBase, type MergeBase } from "./push/merge-base.ts";
import type { Target } from "./push/refs.ts";
import type { Repository } from "./push/repository.ts";
import { readChanges } from "./report/changes.ts";
import type { Changes } from "./report/summary.ts";
import type { VerifyRequest } from "./request.ts";

/** What a target is compared with: found out while its suites run, and awaited when it is needed. */
export interface ChangeFacts {
  readonly mergeBase: Promise<MergeBase>;
  /** Null where there is nothing to compare with, or where git cannot say: the reports say less then, and the verdict stands. */
  readonly changes: Promise<Changes | null>;
  /** What is recorded of the base branch's coverage; null where nothing is, and where no gate asks for it. */
  readonly baseFigure: Promise<RecordedFigure | null>;
}

/** Begins to find out what a target is compared with. */
export function readChangeFacts(
  { request, repository }: { request: VerifyRequest; repository: Repository },
  { config }: LoadedConfig,
  { kind }: Checkout,
  { commit }: Target,
): ChangeFacts {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  const isWorkingTree = kind === "working tree";
  const { git, commonDirectory } = repository;
  const mergeBase = background(findMergeBase({ git, commit, base: config.base, remote, isWorkingTree }));
  const changes = mergeBase.then((found) => (typeof found === "string" ? null : readChanges(git, commit, found)));
  const figures = new FigureStore(commonDirectory);
  return {
    mergeBase,
    changes: changes.catch(() => null),
    baseFigure: background(
      mergeBase.then((found) => (config.coverage.ratchet ? figures.ofBase(git, found, commit, isWorkingTree) : null)),
    ),
  };
}

/** Work that is awaited when its value is needed: until then its failure is nobody's. */
export function background<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}
