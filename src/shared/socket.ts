import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

/** A unix socket on which the processes of a suite find the verification. */
export interface Listener {
  /** Absolute, and short enough for every system. */
  readonly path: string;
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/** What every system allows for the path of a unix socket, in bytes. */
const longestPath = 100;

/**
 * Listens on a unix socket of that name in an absolute, private directory, or, where its path is too long for a socket, in
 * one of its own in a place with a short name. Hands on each connection, whose errors are nobody's: the other side may end
 * at any time.
 */
export async function listenOn(directory: string, name: string, attend: (socket: Socket) => void): Promise<Listener> {
  const isShort = Buffer.byteLength(join(directory, name)) <= longestPath;
  const place = isShort ? directory : await mkdtemp(join("/tmp", "pushproof-"));
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
