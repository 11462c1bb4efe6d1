import type { Config } from "../config/schema.ts";
import { FigureStore, type RecordedFigure } from "../coverage/gate/recorded-figures.ts";
import { findMergeBase, type MergeBase, type MergeBaseRequest } from "../git/merge-base.ts";
import type { Repository } from "../git/repository.ts";
import { background } from "../shared/background.ts";

/** What gates about the base branch depend on; computed in the background. */
export interface BaseFacts {
  readonly mergeBase: Promise<MergeBase>;
  /** The recorded coverage of the base branch; null where there is none, or no gate needs it. */
  readonly baseFigure: Promise<RecordedFigure | null>;
}

/** Begins to compute what a commit is compared with, once `begun` is resolved. */
export function readBaseFacts(
  { git, commonDirectory }: Pick<Repository, "git" | "commonDirectory">,
  { base, coverage }: Config,
  asked: Omit<MergeBaseRequest, "git" | "base">,
  begun: Promise<void> = Promise.resolve(),
): BaseFacts {
  const { commit, isWorkingTree = false } = asked;
  const mergeBase = background(begun.then(() => findMergeBase({ ...asked, git, base })));
  const figures = new FigureStore(commonDirectory);
  const baseFigure = mergeBase.then((found) =>
    coverage.ratchet ? figures.ofBase(git, found, commit, isWorkingTree) : null,
  );
  return { mergeBase, baseFigure: background(baseFigure) };
}
