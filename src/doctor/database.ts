import type { Config } from "../config/schema.ts";
import { findInstallation } from "../database/embedded/binaries/installation.ts";
import { withExternalServer } from "../database/external/inventory.ts";
import { checkMayCreate } from "../database/external/server.ts";
import { serverUrl } from "../database/url.ts";
import type { Repository } from "../git/repository.ts";
import { messageOf } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import { type Finding, ok, problem } from "./finding.ts";

/**
 * Checks the server: that an external one is reachable and lets us create databases, or that embedded Postgres is
 * installed.
 */
export async function examineDatabase({ database }: Config, { root }: Repository, world: World): Promise<Finding> {
  if (database === false) return ok("Postgres", "not used by any suite");
  const url = serverUrl(database, undefined, world.environment);
  try {
    if (url === undefined) {
      const { version } = database;
      const request = { version, projectRoot: root, environment: world.environment, signal: world.signal };
      const { binaries } = await findInstallation(request);
      return ok("Postgres", `embedded ${binaries.version}, isolation "${database.isolation}"`);
    }
    const description = await withExternalServer(url, world, async (server) => {
      checkMayCreate(server);
      return server.description;
    });
    return ok("Postgres", `${description}, isolation "${database.isolation}"`);
  } catch (error) {
    if (world.signal.aborted) throw error;
    const remedy =
      url === undefined
        ? "See what it says; `database.version` names the major."
        : "Start it, or correct the URL; without one the embedded server is used.";
    return problem("Postgres", messageOf(error), remedy);
  }
}
