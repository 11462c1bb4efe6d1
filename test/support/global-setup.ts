import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python.ts";

/** Builds what the hook starts, so that a test never runs yesterday's program, and makes what the Python tests run in. */
export default async function setup(): Promise<void> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["node_modules/rolldown/bin/cli.mjs", "--config"], {
    cwd: root,
    stdio: "inherit",
  });
  await pythonEnvironment();
}
