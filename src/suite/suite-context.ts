import type { Checkout } from "../push/checkout.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";
import type { FileDurations } from "./schedule/durations.ts";

/** What all processes of one suite share. */
export interface SuiteContext {
  readonly checkout: Checkout;
  /** The absolute, private directory for what the runners write; each process gets a part of it. */
  readonly scratch: string;
  readonly secrets: readonly Secret[];
  /** What a process gets that only coordinates workers: database variables that open nothing. */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  readonly environment: Environment;
  readonly durations: FileDurations;
  /** The files that git knows, relative to the checkout's root. */
  readonly trackedFiles: ReadonlySet<string>;
}
