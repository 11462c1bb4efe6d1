import { InterruptedError, RequestError } from "../shared/errors.ts";
import { openEmbeddedProvision } from "./embedded/provision.ts";
import { openExternalProvision } from "./external/provision.ts";
import { checkBaseName } from "./names.ts";
import type { Provision, ProvisionRequest } from "./provision.ts";
import { needsTemplate } from "./template/build.ts";

/**
 * Starts the embedded server, or connects to the requested one, and builds the template. Throws RequestError for an
 * invalid URL or name, UnavailableError where the server or `database.setup` fails, and InterruptedError when aborted;
 * nothing is left behind.
 */
export async function openProvision(request: ProvisionRequest): Promise<Provision> {
  const { name, isolation } = request.database;
  if (request.signal.aborted) throw new InterruptedError();
  checkBaseName(name, request.workers, needsTemplate(request.database));
  if (request.url === undefined) return await openEmbeddedProvision(request);
  if (isolation === "server") {
    throw new RequestError(
      'database.isolation "server" starts a server for each worker, which an external one cannot be: leave database.url, --database-url and VERIFY_DATABASE_URL out.',
    );
  }
  return await openExternalProvision(request, request.url);
}
