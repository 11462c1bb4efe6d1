import { createHash } from "node:crypto";
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
  /**
   * The absolute directory under which records lie: the git common directory, shared by all linked worktrees, or that of
   * records which travel.
   */
  readonly commonDirectory: string;
  /** This run, as later ones will name it. */
  readonly run: EarlierRun;
  /** Whether the verified commit is, or goes to, the base branch. */
  readonly isBase: boolean;
  /** Why nothing is to be reused, besides what options and branch say, a clause; null where it may be. */
  readonly whyAll?: string | null;
  /** Set where several machines must decide the same, by records that came from other ones. */
  readonly shards?: SharedDraw;
  readonly options: Pick<VerifyOptions, "full" | "arguments" | "databaseUrl">;
  readonly world: World;
  /** The environment class of receipts: system and runtimes. */
  readonly environmentClass: () => Promise<string>;
}

/** What all shards of a run draw the same sample by. */
export interface SharedDraw {
  /** What no test chooses: the commit, its tree, and the number that CI gave the run. */
  readonly seed: string;
}

/**
 * A number from 0 to below 1 that decides what is compared. All shards of a run get the same for the same question, others by
 * chance.
 */
export function drawn({ shards, world }: Pick<ReuseRequest, "shards" | "world">, question: string): number {
  if (shards === undefined || world.random !== undefined) return (world.random ?? Math.random)();
  const digest = createHash("sha256").update(`${shards.seed}\0${question}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** The moment of a decision. */
export function nowOf({ world }: Pick<ReuseRequest, "world">): Date {
  return world.now?.() ?? new Date();
}
