import type { SimpleGit } from "simple-git";
import type { World } from "../shared/world.ts";
import type { ForgeBranch } from "./forge-branch.ts";
import type { Run } from "./run.ts";

/** The pull request that is to be there. */
export interface PullRequestSpec {
  readonly world: World;
  /** The absolute root of the checkout; programs run there. */
  readonly root: string;
  readonly git: SimpleGit;
  readonly run: Run;
  /** HEAD's full object id. */
  readonly commit: string;
  readonly destination: ForgeBranch;
  /** The branch that it goes to. */
  readonly base: string;
  /** Whether the user named the base: then no pull request to another one is meant. */
  readonly isBaseGiven: boolean;
  readonly title: string;
  /** The description without the title, our part of it between markers. */
  readonly body: string;
  readonly draft: boolean;
  /** Whether a browser is to be opened. */
  readonly web: boolean;
  /** Whether what somebody changed in our part of the description may be replaced. */
  readonly force: boolean;
}
