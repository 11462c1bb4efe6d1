import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "../../git/client.ts";
import type { MergeBase } from "../../git/merge-base.ts";
import type { Count } from "../../model/count.ts";
import { removeOlder, replaceFile } from "../../shared/files.ts";

/** The line coverage of a verified commit. */
export interface RecordedFigure {
  /** Its full object id. */
  readonly commit: string;
  readonly lines: Count;
}

/** How long figures are kept, in days. */
const keptDays = 365;
/** How many commits of the base branch are searched for a recorded one. */
const searchedCommits = 200;

/** The coverage of verified trees, under the git common directory, shared by all linked worktrees. */
export class FigureStore {
  readonly #directory: string;

  constructor(commonDirectory: string) {
    this.#directory = join(commonDirectory, "verify", "coverage");
  }

  /** Records a verified tree's coverage. */
  async record(tree: string, figure: RecordedFigure): Promise<void> {
    await replaceFile(this.#path(tree), `${JSON.stringify(figure)}\n`);
    await removeOlder(this.#directory, keptDays, new Date());
  }

  /**
   * The figure to compare a commit with: the merge base's; for a commit of the base branch, its predecessor's; for a
   * working tree on the base branch, the commit's own.
   */
  async ofBase(
    git: SimpleGit,
    mergeBase: MergeBase,
    commit: string,
    isWorkingTree: boolean,
  ): Promise<RecordedFigure | null> {
    if (mergeBase === "none") return null;
    if (mergeBase !== "itself") return await this.nearest(git, mergeBase.mergeBase);
    return await this.nearest(git, isWorkingTree ? commit : `${commit}~1`);
  }

  /** The figure of a commit or of its nearest recorded ancestor; null where there is none. */
  async nearest(git: SimpleGit, commit: string): Promise<RecordedFigure | null> {
    const trees = await gitLineOrNull(
      git,
      "log",
      "--first-parent",
      `--max-count=${searchedCommits}`,
      "--format=%T %H",
      commit,
    );
    for (const line of (trees ?? "").split("\n")) {
      const [tree = "", of = ""] = line.split(" ");
      const figure = await this.#read(tree);
      if (figure !== null) return { ...figure, commit: of };
    }
    return null;
  }

  async #read(tree: string): Promise<RecordedFigure | null> {
    try {
      const figure: RecordedFigure = JSON.parse(await readFile(this.#path(tree), "utf8"));
      const { covered, total } = figure.lines;
      return Number.isSafeInteger(covered) &&
        Number.isSafeInteger(total) &&
        covered >= 0 &&
        total > 0 &&
        covered <= total
        ? figure
        : null;
    } catch {
      // A damaged file is ignored.
      return null;
    }
  }

  #path(tree: string): string {
    return join(this.#directory, `${tree}.json`);
  }
}
