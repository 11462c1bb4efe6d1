import type { Checkout } from "../push/checkout.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";
import type { Tracing } from "./reuse/tracing.ts";
import type { FileDurations } from "./schedule/durations.ts";

/** What all processes of one suite share. */
export interface SuiteContext {
  readonly checkout: Checkout;
  /** The absolute, private directory for the runners' files; each process gets a subdirectory. */
  readonly scratch: string;
  readonly secrets: readonly Secret[];
  /** Variables for a process that only coordinates workers: database settings that open nothing. */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** Whether the schema is kept where tests make and drop it: see `database.schema`. */
  readonly keepsSchema: boolean;
  /** Whether what each test file rests on is traced, and what of it is left out; null where it is not. */
  readonly tracing: Tracing | null;
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  readonly environment: Environment;
  readonly durations: FileDurations;
  /** The files tracked by git, relative to the checkout's root. */
  readonly trackedFiles: ReadonlySet<string>;
  /** Called whenever a process of a runner has started. */
  onStart(): void;
}
