import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noLeases } from "../database/leases.ts";
import type { Provision } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";
import { keepsSchema } from "./hints/schema-fixtures.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { projectEnvironment } from "./plan/project-environment.ts";
import { runsAlone } from "./reuse/alone.ts";
import { type Tracing, tracingAll } from "./reuse/tracing.ts";
import type { RunContext } from "./run-context.ts";
import type { FileDurations } from "./schedule/durations.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What all processes of a suite share; `server` is null where no suite of the run uses one. */
export async function openSuiteContext(
  planned: PlannedSuite,
  server: Provision | null,
  context: RunContext,
  secrets: readonly Secret[],
): Promise<SuiteContext> {
  const durations = await context.durations.ofSuite(planned.suite.name);
  return {
    checkout: context.checkout,
    scratch: context.scratch,
    secrets,
    coordinatorEnvironment: { ...server?.coordinatorEnvironment, VERIFY_WORKER: "master" },
    keepsSchema: keepsSchema(planned.suite, planned.usesDatabase, context.database),
    tracing: await tracingOf(planned, context, durations),
    arguments: context.arguments,
    environment: suiteEnvironment(planned, server, context),
    durations,
    trackedFiles: await context.checkout.trackedFiles(),
    onStart: context.onStart,
  };
}

/** Whether a suite's processes are traced, and which test files they leave out. */
async function tracingOf(
  planned: PlannedSuite,
  { reuse, scratch, checkout, environment }: RunContext,
  durations: FileDurations,
): Promise<Tracing | null> {
  if (!reuse.traces(planned)) return null;
  const part = reuse.partOf(planned);
  if (part === null) return tracingAll;
  const { reasons, compared } = part.reach;
  const files = part.hasNewFiles ? null : Object.keys({ ...reasons, ...compared }).length;
  const reused = join(scratch, `reused-${planned.suite.name.replace(/\W/g, "-")}.json`);
  const isShard = planned.shard !== undefined;
  await writeFile(reused, JSON.stringify({ ...part.reach.plugin, isShard }));
  return { reused, files, isAlone: await runsAlone({ planned, part, durations, checkout, environment }) };
}

function suiteEnvironment(
  { directory, usesDatabase }: PlannedSuite,
  server: Provision | null,
  context: RunContext,
): Environment {
  const own = server ? withoutPostgresRedirects(context.environment) : context.environment;
  const project = projectEnvironment(context.checkout, [directory], own);
  // A suite without a database must not lease the caller's.
  return usesDatabase ? project : { ...project, VERIFY_LEASES: noLeases };
}

/** The context of processes that run the runner's workers, however few files there are. */
export function withWorkers(context: SuiteContext): SuiteContext {
  const { tracing } = context;
  return tracing === null ? context : { ...context, tracing: { ...tracing, isAlone: false } };
}
