import { rm } from "node:fs/promises";
import type { VerifyRequest } from "../config/request.ts";
import type { Config, DatabaseConfig, Gate } from "../config/schema.ts";
import { urlSecrets } from "../database/url.ts";
import type { SuiteSummary } from "../model/summary.ts";
import type { LogsDirectory } from "../project/reports-directory.ts";
import { removeStaleBytecode } from "../project/stale-bytecode.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment, World } from "../shared/world.ts";
import { type Logs, logsIn } from "./logs.ts";
import type { Plan } from "./plan/plan.ts";
import type { ReplayStore } from "./races/replay-order.ts";
import type { Reuse } from "./reuse/reuse.ts";
import type { DurationStore } from "./schedule/durations.ts";
import { makeScratch } from "./scratch.ts";

/** What all suites and checks of one verification share. */
export interface RunContext {
  readonly checkout: Checkout;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  readonly database: DatabaseConfig | false;
  /** The URL of an external server, from the command line. */
  readonly databaseUrl: string | undefined;
  /** The absolute, private directory for files of the runners; each suite gets a subdirectory. */
  readonly scratch: string;
  readonly logs: Logs;
  /** Recorded durations of tests, and where new ones are stored. */
  readonly durations: DurationStore;
  readonly replays: ReplayStore;
  /** What is reused of earlier runs. */
  readonly reuse: Reuse;
  /** Collects the summary of each suite when it ends or is interrupted. */
  readonly soFar: SuiteSummary[];
  /** When the verification began. */
  readonly startedAt: Date;
  /** Secrets to redact, besides those of the database server: passwords of all configured servers. */
  readonly secrets: readonly Secret[];
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  /** The coverage gate for the whole run. */
  readonly gate: Gate;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Called whenever a process of a runner has started. */
  onStart(): void;
}

/** What is needed to run a plan. */
export interface RunRequest
  extends Pick<RunContext, "checkout" | "mainRoot" | "durations" | "replays" | "reuse" | "startedAt" | "onStart"> {
  readonly config: Pick<Config, "database">;
  readonly plan: Pick<Plan, "gate">;
  readonly logs: LogsDirectory;
  readonly options: Pick<VerifyRequest["options"], "databaseUrl" | "arguments">;
  readonly world: World;
}

/**
 * Creates what the suites of one run share, and removes compiled Python that is not what the checkout holds. `close` removes
 * the runners' files.
 */
export async function openRun(request: RunRequest): Promise<RunContext & { close(): Promise<void> }> {
  const { checkout, mainRoot, durations, replays, reuse, startedAt, config, plan, options, world, onStart } = request;
  // A worktree is new: nothing has been compiled in it.
  if (checkout.kind !== "worktree")
    removeStaleBytecode(checkout.root, await checkout.trackedFiles(), world.environment);
  const scratch = await makeScratch(world.environment);
  const configured = config.database === false ? undefined : config.database.url;
  const urls = [options.databaseUrl, world.environment.VERIFY_DATABASE_URL, configured];
  return {
    checkout,
    mainRoot,
    database: config.database,
    databaseUrl: options.databaseUrl,
    scratch,
    logs: logsIn(request.logs),
    durations,
    replays,
    reuse,
    soFar: [],
    startedAt,
    secrets: urlSecrets(urls, world.environment),
    arguments: options.arguments,
    gate: plan.gate,
    environment: world.environment,
    signal: world.signal,
    onStart,
    close: () => rm(scratch, { recursive: true, force: true, maxRetries: 3 }),
  };
}
