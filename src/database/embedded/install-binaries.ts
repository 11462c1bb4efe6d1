import { randomBytes } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { privateCache } from "../../cache.ts";
import { UnavailableError } from "../../errors.ts";
import { currentOwner, nameWithOwner } from "../../process-owner.ts";
import { withoutNpmRun } from "../../push/environment.ts";
import type { Environment } from "../../world.ts";
import { runProgram } from "./program.ts";

/** npm tells what went wrong first, and then what usually helps others. */
const shownLines = 5;

/**
 * Fetches a version of a package from npm into the user's cache, the first time that it is asked for. Gives the absolute
 * directory whose node_modules hold it. Throws UnavailableError with npm's own words, and InterruptedError when aborted;
 * either way nothing is left then.
 */
export async function installBinaries(
  name: string,
  version: string,
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<string> {
  const directory = join(await privateCache(environment), `binaries-${name.replace(/^.*\//, "")}-${version}`);
  if (await exists(directory)) return directory;
  const building = nameWithOwner(directory, await currentOwner(), randomBytes(6).toString("hex"));
  try {
    await mkdir(building, { mode: 0o700 });
    await writeFile(join(building, "package.json"), '{ "private": true }\n');
    await fetchPackage(`${name}@${version}`, building, environment, signal);
    // Another run may have been faster.
    await rename(building, directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
    return directory;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function fetchPackage(
  specifier: string,
  directory: string,
  environment: Environment,
  signal: AbortSignal | undefined,
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
  // The user's settings are npm's: the registry, a proxy, a certificate.
  const variables = withoutNpmRun(environment);
  const command = ["npm", "install", ...options, specifier];
  const { exitCode, output } = await runProgram(command, environment, { signal, variables });
  if (exitCode === 0) return;
  const words = output.split("\n").filter((line) => !/npm warn|complete log of this run/i.test(line));
  throw new UnavailableError(words.slice(0, shownLines).join("\n") || "npm said nothing");
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
