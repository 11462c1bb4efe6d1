import { rm } from "node:fs/promises";
import type { VerifyRequest } from "../config/request.ts";
import type { Config, DatabaseConfig, Gate } from "../config/schema.ts";
import { urlSecrets } from "../database/url.ts";
import type { SuiteSummary } from "../model/summary.ts";
import type { LogsDirectory } from "../project/reports-directory.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment, World } from "../shared/world.ts";
import { type Logs, logsIn } from "./logs.ts";
import type { Plan } from "./plan/plan.ts";
import type { OrderBook } from "./races/order.ts";
import type { DurationStore } from "./schedule/durations.ts";
import { makeScratch } from "./scratch.ts";

/** What all suites and checks of one verification share. */
export interface RunContext {
  readonly checkout: Checkout;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  readonly database: DatabaseConfig | false;
  /** The URL of an external server that an option names. */
  readonly databaseUrl: string | undefined;
  /** The absolute, private directory for what the runners write; each suite gets a part of it. */
  readonly scratch: string;
  readonly logs: Logs;
  /** How long the tests took before, and where what is learned now is kept. */
  readonly durations: DurationStore;
  readonly orders: OrderBook;
  /** Gets what is known of each suite once that has ended, or was interrupted. */
  readonly soFar: SuiteSummary[];
  /** When the verification began. */
  readonly startedAt: Date;
  /** What must not be shown, beside the provision's own secrets: passwords of whatever server is named, used or not. */
  readonly secrets: readonly Secret[];
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  /** What the whole is held to. */
  readonly gate: Gate;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Where and with what a plan is run. */
export interface RunRequest extends Pick<RunContext, "checkout" | "mainRoot" | "durations" | "orders" | "startedAt"> {
  readonly config: Pick<Config, "database">;
  readonly plan: Pick<Plan, "gate">;
  readonly logs: LogsDirectory;
  readonly options: Pick<VerifyRequest["options"], "databaseUrl" | "arguments">;
  readonly world: World;
}

/** Makes what the suites of one run share. `close` removes the files that the runners wrote. */
export async function openRun(request: RunRequest): Promise<RunContext & { close(): Promise<void> }> {
  const { checkout, mainRoot, durations, orders, startedAt, config, plan, options, world } = request;
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
    orders,
    soFar: [],
    startedAt,
    secrets: urlSecrets(urls, world.environment),
    arguments: options.arguments,
    gate: plan.gate,
    environment: world.environment,
    signal: world.signal,
    close: () => rm(scratch, { recursive: true, force: true, maxRetries: 3 }),
  };
}
