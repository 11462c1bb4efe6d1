import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { UnavailableError } from "./errors.ts";
import { makeOwnedDirectory } from "./owned-directory.ts";

/** A unix socket for the processes of a suite. */
export interface Listener {
  /** Absolute, and short enough for every system. */
  readonly path: string;
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

/** The length limit for a unix socket's path on every system, in bytes. */
const longestPath = 100;

/**
 * Listens on a unix socket of that name in an absolute, private directory, or in a new directory with a short name
 * where the path would be too long. Passes on each connection; connection errors are ignored, as the other side may end
 * at any time.
 */
export async function listenOn(directory: string, name: string, attend: (socket: Socket) => void): Promise<Listener> {
  const isShort = Buffer.byteLength(join(directory, name)) <= longestPath;
  const place = isShort ? directory : await makeOwnedDirectory({ TMPDIR: "/tmp" });
  const path = join(place, name);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    attend(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      if (place !== directory) await rm(place, { recursive: true, force: true });
    },
  };
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string")
    throw new UnavailableError("There is no free port on 127.0.0.1.");
  return address.port;
}
