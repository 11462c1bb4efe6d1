import { existsSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "./world.ts";

/**
 * The absolute directory of the installed package, which contains `hooks`, `dist`, `src/suite/runners/adapters` and
 * `src/report/page/browser`.
 */
export const packageRoot = nearestPackage(dirname(fileURLToPath(import.meta.url)));

/** The nearest directory with a package.json: this module runs from `src` or from the bundle in `dist`. */
function nearestPackage(directory: string): string {
  return existsSync(join(directory, "package.json")) ? directory : nearestPackage(dirname(directory));
}

/** The absolute path of an adapter, such as `vitest/preload.mjs`, which is injected into a runner's workers. */
export function adapterPath(name: string): string {
  return join(packageRoot, "src", "suite", "runners", "adapters", name);
}

/** The absolute path of a script or style for the HTML page. */
export function pageAssetPath(name: string): string {
  return join(packageRoot, "src", "report", "page", "browser", name);
}

/**
 * The absolute cache directory; its content can be recreated at any time. Without a home directory it is in the
 * temporary directory, with the user's id, so that users never share one. It may not exist yet.
 */
export function cacheDirectory(environment: Environment): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (cache?.startsWith("/")) return join(cache, "pushproof");
  if (home) return join(home, ".cache", "pushproof");
  return join(tmpdir(), `pushproof-cache-${userInfo().uid}`);
}
