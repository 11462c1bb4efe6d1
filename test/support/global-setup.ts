import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python.ts";
import { putCertificatesAside, putShimsAside, useMemory } from "./quick-machine.ts";

/**
 * Builds what the hook starts, so that a test never runs yesterday's program, and makes what the Python tests run in: once,
 * for whichever projects run, as tests of the first must not see the program being written again for the second.
 */
export default async function setup(): Promise<(() => void) | undefined> {
  if (process.env.PUSHPROOF_BUILT === String(process.pid)) return undefined;
  process.env.PUSHPROOF_BUILT = String(process.pid);
  putCertificatesAside();
  putShimsAside();
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["node_modules/rolldown/bin/cli.mjs", "--config"], {
    cwd: root,
    stdio: "inherit",
  });
  await pythonEnvironment();
  return await useMemory();
}
