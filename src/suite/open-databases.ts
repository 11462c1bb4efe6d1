import { join } from "node:path";
import { openProvision } from "../database/open.ts";
import type { Provision, ProvisionRequest } from "../database/provision.ts";
import { serverUrl } from "../database/url.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Environment } from "../shared/world.ts";
import { setupEnvironment } from "./plan/project-environment.ts";

/** Whose databases are needed, and what for. */
export interface DatabasesRequest
  extends Pick<ProvisionRequest, "database" | "timeoutSeconds" | "log" | "workers" | "onProgress" | "signal"> {
  /** The files whose `database.setup` builds the template. */
  readonly checkout: Pick<Checkout, "kind" | "root" | "otherRoots">;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  /** The absolute directory in which `database.setup` runs where the configuration names none. */
  readonly directory: string;
  /** The URL of an external server that an option names. */
  readonly url: string | undefined;
  /** What the program was called with. */
  readonly environment: Environment;
}

/** Opens the databases that a configuration describes, as `openProvision` does. */
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
