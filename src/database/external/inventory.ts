import { hostname } from "node:os";
import type { World } from "../../shared/world.ts";
import type { ListedDatabase, ListedRun } from "../inventory.ts";
import { describeAddress, parseServerUrl } from "../url.ts";
import type { ExternalServer } from "./external-server.ts";
import { listOurDatabases, type OurDatabase } from "./leftovers.ts";
import type { Marker } from "./marker.ts";
import { connectExternalServer } from "./server.ts";

/**
 * Connects to a server for one task. Throws RequestError for an invalid URL and UnavailableError where the server
 * cannot be reached.
 */
export async function withExternalServer<Result>(
  url: string,
  { environment, signal }: Pick<World, "environment" | "signal">,
  work: (server: ExternalServer) => Promise<Result>,
): Promise<Result> {
  const server = await connectExternalServer(parseServerUrl(url, environment), signal);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** The databases of our runs, live or killed, on an external server. */
export async function listExternalDatabases(server: ExternalServer): Promise<ListedDatabase[]> {
  const place = describeAddress(server.address);
  return (await listOurDatabases(server)).map((database) => ({
    name: database.name,
    worker: database.marker?.worker ?? null,
    run: runOf(database.marker),
    isLive: database.isLive,
    madeAt: madeAt(database),
    bytes: database.bytes,
    server: place,
  }));
}

/** A marker is a comment, which anybody may have edited. */
function runOf(marker: Partial<Marker> | null): ListedRun {
  const { pid = null, host = null, directory = null } = marker ?? {};
  return { pid, host: host === hostname() ? null : host, directory };
}

function madeAt({ marker }: OurDatabase): Date | null {
  const at = new Date(marker?.made ?? "");
  return Number.isNaN(at.getTime()) ? null : at;
}
