import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { vi } from "vitest";
import { freePort } from "../../src/shared/socket.ts";
import { type AtEnd, makeDirectory } from "./repository.ts";

const run = promisify(execFile);

/** A real sshd on loopback, with keys of its own, that lets in the user who runs the test. */
export interface SshServer {
  /** The URL of a path on it. */
  url(path: string): string;
  /** What GIT_SSH_COMMAND has to be. */
  readonly command: string;
  /** What it has logged so far. */
  log(): Promise<string>;
}

/** Where Debian's openssh-server puts it, which is not on everybody's PATH; see .ci/run. */
const program = "/usr/sbin/sshd";

/** Starts a server that closes a channel after so many seconds without a byte on it, as large hosts do after minutes. */
export async function startSshServer(idleSeconds: number, atEnd: AtEnd): Promise<SshServer> {
  const directory = await makeDirectory(atEnd);
  const inside = (name: string): string => join(directory, name);
  const key = (name: string): Promise<unknown> =>
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", inside(name)]);
  await Promise.all([key("host"), key("user")]);
  await writeFile(inside("authorized"), await readFile(inside("user.pub")));
  const port = await freePort();
  await writeFile(
    inside("config"),
    `ListenAddress 127.0.0.1
Port ${port}
HostKey ${inside("host")}
AuthorizedKeysFile ${inside("authorized")}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment no
ChannelTimeout session:*=${idleSeconds}s
LogLevel DEBUG1
`,
  );
  // Root's sshd changes into it; a service would have made it.
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const server = spawn(program, ["-D", "-f", inside("config"), "-E", inside("log")], { stdio: "ignore" });
  server.on("error", () => {});
  atEnd(() => end(server));
  const log = (): Promise<string> => readFile(inside("log"), "utf8").catch(() => "");
  await vi.waitUntil(async () => (await log()).includes("Server listening on 127.0.0.1"), { timeout: 20_000 });
  const options = `-p ${port} -i ${inside("user")} -F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes`;
  return { url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`, command: `ssh ${options}`, log };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGTERM");
  await once(server, "exit");
}
