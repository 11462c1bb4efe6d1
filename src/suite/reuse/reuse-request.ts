import type { VerifyOptions } from "../../config/request.ts";
import type { Config } from "../../config/schema.ts";
import type { EarlierRun } from "../../model/reuse.ts";
import type { Checkout } from "../../push/checkout.ts";
import type { World } from "../../shared/world.ts";
import type { Plan } from "../plan/plan.ts";

/** What reuse is decided from. */
export interface ReuseRequest {
  readonly config: Config;
  readonly plan: Plan;
  readonly checkout: Checkout;
  /** The absolute git common directory, shared by all linked worktrees. */
  readonly commonDirectory: string;
  /** This run, as later ones will name it. */
  readonly run: EarlierRun;
  /** Whether the verified commit is, or goes to, the base branch. */
  readonly isBase: boolean;
  readonly options: Pick<VerifyOptions, "full" | "arguments" | "databaseUrl">;
  readonly world: World;
  /** The environment class of receipts: system and runtimes. */
  readonly environmentClass: () => Promise<string>;
}
