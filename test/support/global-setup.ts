import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python.ts";

/**
 * Builds what the hook starts, so that a test never runs yesterday's program, and makes what the Python tests run in: once,
 * for whichever projects run, as tests of the first must not see the program being written again for the second.
 */
export default async function setup(): Promise<void> {
  putCertificatesAside();
  if (process.env.PUSHPROOF_BUILT === String(process.pid)) return;
  process.env.PUSHPROOF_BUILT = String(process.pid);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["node_modules/rolldown/bin/cli.mjs", "--config"], {
    cwd: root,
    stdio: "inherit",
  });
  await pythonEnvironment();
}

/**
 * Where the machine names certificates of its own, every process of Node reads them as it starts, which takes longer than
 * all else that it does: the tests start thousands. Only `npmPackage` fetches anything, and takes them back.
 */
function putCertificatesAside(): void {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  if (certificates === undefined) return;
  process.env.PUSHPROOF_CERTIFICATES = certificates;
  delete process.env.NODE_EXTRA_CA_CERTS;
}
