import type { SimpleGit } from "simple-git";
import type { World } from "../shared/world.ts";
import type { ForgeBranch } from "./forge-branch.ts";
import type { Run } from "./run.ts";

/** The pull request to open or update. */
export interface PullRequestSpec {
  readonly world: World;
  /** The absolute root of the checkout; programs run there. */
  readonly root: string;
  readonly git: SimpleGit;
  readonly run: Run;
  /** HEAD's full object id. */
  readonly commit: string;
  readonly destination: ForgeBranch;
  /** The target branch. */
  readonly base: string;
  /** Whether the user named the base: then pull requests with another base are ignored. */
  readonly isBaseGiven: boolean;
  readonly title: string;
  /** The description without the title, with our part between markers. */
  readonly body: string;
  readonly draft: boolean;
  /** Whether to open a browser. */
  readonly web: boolean;
  /** Whether edits in our part of the description may be overwritten. */
  readonly force: boolean;
}
