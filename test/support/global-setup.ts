import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds what the hook starts, so that a test never runs yesterday's program. */
export default function setup(): void {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
    cwd: root,
    stdio: "inherit",
  });
}
