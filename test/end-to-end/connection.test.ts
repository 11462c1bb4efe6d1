import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Environment } from "../../src/shared/world.ts";
import { builtProgram } from "../support/exec.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";
import { type Ran, runShell } from "../support/run.ts";
import { type SshServer, startSshServer } from "../support/ssh-server.ts";
import { makeTinyRepository, pusherEnvironment, tinyFiles } from "../support/tiny-suite.ts";
import { useHook } from "../support/verify.ts";

/** A repository whose remote is behind a server that soon hangs up, and whose suite goes on when it is told to. */
interface Scene {
  readonly repository: Repository;
  readonly server: SshServer;
  readonly environment: Environment;
  /** Where the suite says that it has begun, and the file that it waits for. */
  readonly begun: string;
  readonly go: string;
}

async function makeScene(): Promise<Scene> {
  const server = await startSshServer(3, onTestFinished);
  const directory = await makeDirectory();
  const [begun, go] = [join(directory, "begun"), join(directory, "go")];
  const waiting = `: >"$BEGUN"\nwhile [ ! -f "$GO" ]; do sleep 0.02; done\n`;
  const repository = await makeTinyRepository({ "suite.sh": `${waiting}${tinyFiles()["suite.sh"]}` });
  await repository.git("remote", "set-url", "origin", server.url(repository.remote));
  await useHook(repository);
  const environment = pusherEnvironment(repository, { GIT_SSH_COMMAND: server.command, BEGUN: begun, GO: go });
  return { repository, server, environment, begun, go };
}

/** Runs a command whose suite ends only after `event`. */
async function runUntil(command: string, scene: Scene, event: () => Promise<boolean>): Promise<Ran> {
  const child = spawn(command, { shell: true, cwd: scene.repository.root, env: scene.environment });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const closed = once(child, "close");
  onTestFinished(() => void child.kill("SIGTERM"));
  await vi.waitUntil(async () => existsSync(scene.begun) && (await event()), { timeout: 60_000, interval: 50 });
  await writeFile(scene.go, "");
  const [exitCode] = (await closed) as [number | null];
  return { exitCode, output };
}

const connections = async ({ server }: Scene): Promise<number> =>
  (await server.log()).split("\n").filter((line) => line.includes("Accepted publickey")).length;

test("a push whose server hangs up in mid-run fails, says so, and keeps the receipt: the next is answered at once", async () => {
  const scene = await makeScene();
  const { repository, server, environment } = scene;
  const hungUp = async (): Promise<boolean> =>
    /Closing connection|Connection closed|Disconnected/.test(await server.log());
  const first = await runUntil("git push origin main", scene, hungUp);
  expect(first.output).toContain("✔ Verified: main");
  expect(first.output).toContain(
    "The server has hung up meanwhile, so this push fails. Push again: it takes no time now, the receipt is kept.\n`npx verify push` verifies before it connects.",
  );
  expect(first.exitCode).not.toBe(0);
  expect(await repository.git("ls-remote", repository.remote)).toBe("");

  await rm(scene.begun);
  const second = await runShell("git push origin main", repository.root, environment);
  expect(second.output).toContain("pushproof: already verified");
  expect(second.exitCode).toBe(0);
  expect(existsSync(scene.begun)).toBe(false);
  expect(await repository.git("ls-remote", repository.remote, "main")).toContain(
    await repository.git("rev-parse", "HEAD"),
  );
});

test("`verify push` holds no connection while it verifies, and passes at the first try", async () => {
  const scene = await makeScene();
  const { repository } = scene;
  let before = 0;
  const { exitCode, output } = await runUntil(`${builtProgram} push -u origin main`, scene, async () => {
    before = await connections(scene);
    return true;
  });
  expect(output).toContain("✔ Verified: main");
  expect(output).toContain("pushproof: already verified");
  expect(exitCode).toBe(0);
  // One asked what would be pushed, one pushed.
  expect([before, await connections(scene)]).toEqual([1, 2]);
  expect(await repository.git("rev-parse", "--abbrev-ref", "main@{upstream}")).toBe("origin/main");
});
