import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";

const run = promisify(execFile);

/** What package managers write into node_modules about all that they installed. */
const managersFiles = [".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".yarn-integrity"];

/** Whether what is written in files tells packages apart, or also when they were written, which is read faster. */
export interface ByContent {
  readonly byContent: boolean;
}

const byTime: ByContent = { byContent: false };

/** A digest of the packages in the node_modules of a directory and those above it, up to the root: both absolute. */
export function digestNodePackages(directory: string, root: string, { byContent }: ByContent = byTime): string {
  const digest = createHash("sha256");
  for (const place of upTo(directory, root)) {
    const modules = join(place, "node_modules");
    for (const file of managersFiles) digest.update(`${file} ${contentOf(join(modules, file))}\n`);
    for (const name of packagesIn(modules)) {
      const own = join(modules, name);
      const found = manifestOf(own);
      if (found === undefined) continue;
      const state = byContent ? contentOf(join(own, "package.json")) : `${found.size} ${found.mtimeMs}`;
      digest.update(`${name} ${state}\n`);
    }
  }
  return digest.digest("hex");
}

/** The directory and those above it, up to the root. */
export function upTo(directory: string, root: string): string[] {
  return directory === root || !directory.startsWith(root)
    ? [directory]
    : [directory, ...upTo(dirname(directory), root)];
}

function packagesIn(modules: string): string[] {
  const names = (place: string): string[] => {
    try {
      return readdirSync(place).sort();
    } catch {
      return [];
    }
  };
  return names(modules).flatMap((name) =>
    name.startsWith("@") ? names(join(modules, name)).map((own) => `${name}/${own}`) : [name],
  );
}

/** The facts of a package's manifest; undefined where there is none, as beside `.package-lock.json`, which is a file. */
function manifestOf(directory: string): Stats | undefined {
  try {
    return statSync(join(directory, "package.json"), { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}

function contentOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return "none";
  }
}

/**
 * A digest of the Python that an environment starts in a directory, and of the packages that it imports from; "none" where
 * there is no Python. The files of the checkout itself are left out. Rejects where it cannot be told.
 */
export async function digestPythonPackages(
  directory: string,
  checkoutRoot: string,
  environment: Environment,
  { byContent }: ByContent,
): Promise<string> {
  const script = adapterPath("python/pushproof_packages.py");
  const options = { cwd: directory, env: { ...environment }, timeout: 20_000 };
  try {
    return (
      await run("python3", [script, ...(byContent ? ["--by-content"] : []), checkoutRoot], options)
    ).stdout.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "none";
    throw error;
  }
}
