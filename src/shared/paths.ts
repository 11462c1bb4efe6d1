import { existsSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "./world.ts";

/**
 * The absolute directory of the installed package: its `hooks`, `dist`, `src/suite/runners/adapters` and
 * `src/report/page/browser` lie in it.
 */
export const packageRoot = nearestPackage(dirname(fileURLToPath(import.meta.url)));

/** The nearest directory with a package.json: this module runs from `src`, and from the bundle in `dist`. */
function nearestPackage(directory: string): string {
  return existsSync(join(directory, "package.json")) ? directory : nearestPackage(dirname(directory));
}

/** The absolute path of a file that is injected into the workers of a runner. */
export function adapterPath(name: string): string {
  return join(packageRoot, "src", "suite", "runners", "adapters", name);
}

/** The absolute path of a script or a style that the page of a run holds. */
export function pageAssetPath(name: string): string {
  return join(packageRoot, "src", "report", "page", "browser", name);
}

/**
 * The absolute directory for what may be kept between runs and made again at any time. Without a home it lies in the
 * temporary directory, under the user's number, so that two users never share one. It need not exist yet.
 */
export function cacheDirectory(environment: Environment): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (cache?.startsWith("/")) return join(cache, "pushproof");
  if (home) return join(home, ".cache", "pushproof");
  return join(tmpdir(), `pushproof-cache-${userInfo().uid}`);
}
