import type { Config } from "../config/schema.ts";
import { FigureStore, type RecordedFigure } from "../coverage/gate/recorded-figures.ts";
import { findMergeBase, type MergeBase, type MergeBaseRequest } from "../git/merge-base.ts";
import type { Repository } from "../git/repository.ts";
import { background } from "../shared/background.ts";

/** What gates about the base branch depend on: found out while other things go on, and awaited when it is needed. */
export interface BaseFacts {
  readonly mergeBase: Promise<MergeBase>;
  /** What is recorded of the base branch's coverage; null where nothing is, and where no gate asks for it. */
  readonly baseFigure: Promise<RecordedFigure | null>;
}

/** Begins to find out what a commit is compared with. */
export function readBaseFacts(
  { git, commonDirectory }: Pick<Repository, "git" | "commonDirectory">,
  { base, coverage }: Config,
  asked: Omit<MergeBaseRequest, "git" | "base">,
): BaseFacts {
  const { commit, isWorkingTree = false } = asked;
  const mergeBase = background(findMergeBase({ ...asked, git, base }));
  const figures = new FigureStore(commonDirectory);
  const baseFigure = mergeBase.then((found) =>
    coverage.ratchet ? figures.ofBase(git, found, commit, isWorkingTree) : null,
  );
  return { mergeBase, baseFigure: background(baseFigure) };
}
