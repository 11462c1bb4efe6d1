import { join } from "node:path";
import type { DatabaseConfig } from "../config/schema.ts";
import { openProvision } from "../database/open.ts";
import type { Provision, ProvisionRequest } from "../database/provision.ts";
import { serverUrl } from "../database/url.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Environment } from "../shared/world.ts";
import type { Plan } from "./plan/plan.ts";
import { setupEnvironment } from "./plan/project-environment.ts";
import type { RunContext } from "./run-context.ts";

/** What is needed to open databases. */
export interface DatabasesRequest
  extends Pick<ProvisionRequest, "database" | "timeoutSeconds" | "log" | "workers" | "onProgress" | "signal"> {
  /** The checkout whose `database.setup` builds the template. */
  readonly checkout: Pick<Checkout, "kind" | "root" | "otherRoots">;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  /** The absolute directory in which `database.setup` runs by default. */
  readonly directory: string;
  /** The URL of an external server, from the command line. */
  readonly url: string | undefined;
  /** The environment that the program was called with. */
  readonly environment: Environment;
}

/** Opens the databases that the configuration describes; see `openProvision`. */
export async function openDatabases(request: DatabasesRequest): Promise<Provision> {
  const { database, checkout, mainRoot, environment, url, ...rest } = request;
  const directory = database.root === undefined ? request.directory : join(checkout.root, database.root);
  return await openProvision({
    ...rest,
    database,
    url: serverUrl(database, url, environment),
    directory,
    environment: setupEnvironment(checkout, directory, environment),
    checkoutRoot: checkout.root,
    projectRoot: mainRoot,
  });
}

/**
 * Opens the databases of all suites of a plan; at least one suite uses them. `onProgress` gets a phrase for each step.
 */
export async function openPlanDatabases(
  plan: Plan,
  database: DatabaseConfig,
  { checkout, mainRoot, databaseUrl, environment, logs, signal }: RunContext,
  onProgress: (phrase: string) => void,
): Promise<Provision> {
  const first = plan.suites.find((suite) => suite.usesDatabase);
  return await openDatabases({
    database,
    checkout,
    mainRoot,
    directory: first?.directory ?? checkout.root,
    url: databaseUrl,
    environment,
    timeoutSeconds: first?.timeoutSeconds ?? Number.POSITIVE_INFINITY,
    log: logs("database-setup").path,
    workers: [...new Set(plan.suites.flatMap(({ databases }) => databases))],
    onProgress,
    signal,
  });
}
