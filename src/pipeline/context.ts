import type { LoadedConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import type { Checkout } from "../push/checkout.ts";
import type { ReceiptKey, ReceiptStore } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import type { Output } from "../report/terminal/output.ts";
import type { SpareTime } from "../shared/spare-time.ts";
import type { World } from "../shared/world.ts";
import type { Plan } from "../suite/plan/plan.ts";
import type { ChangeFacts } from "./change-facts.ts";

/** Shared by all stages of a verification. */
export interface Context {
  readonly request: VerifyRequest;
  readonly world: World;
  readonly repository: Repository;
  readonly output: Output;
  readonly receipts: ReceiptStore;
}

/** A tree to verify, whose files are open. */
export interface OpenedTree {
  readonly target: Target;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly startedAt: Date;
}

/** What is known of a tree, or being computed, before anything runs. */
export interface Prepared extends OpenedTree, ChangeFacts {
  readonly plan: Plan;
  readonly receiptKey: Promise<ReceiptKey>;
  /** When what only verdict and reports need is loaded and computed. */
  readonly spare: SpareTime;
}
