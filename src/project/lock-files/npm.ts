import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, type Difference, type LockFormat, readText, versionIn } from "./lock-file.ts";

/** npm's lock files, versions 1 to 3, and `npm-shrinkwrap.json`. */
export const npm: LockFormat = {
  manager: "npm",
  names: ["npm-shrinkwrap.json", "package-lock.json"],
  records: [".package-lock.json"],
  installCommand: () => "npm ci",
  compare: async (text, directory) => compare(packagesIn(JSON.parse(text)), directory),
};

/** npm's entry for a package at a path such as `node_modules/left/node_modules/right`. */
interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  /** Whether it may be missing, for example on another platform. */
  readonly optional?: boolean;
  /** Whether it is a link to a workspace. */
  readonly link?: boolean;
}

/** A package in version 1 of the lock file. */
interface NestedPackage {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, NestedPackage>>;
}

interface LockFile {
  readonly packages?: Readonly<Record<string, LockedPackage>>;
  readonly dependencies?: Readonly<Record<string, NestedPackage>>;
}

type Packages = ReadonlyMap<string, LockedPackage>;

function packagesIn({ packages, dependencies }: LockFile): Packages {
  const all = packages === undefined ? nested(dependencies ?? {}, "") : Object.entries(packages);
  // The remaining entries are the root and workspaces.
  return new Map(all.filter(([path]) => /(^|\/)node_modules\//.test(path)));
}

function nested(dependencies: Readonly<Record<string, NestedPackage>>, parent: string): [string, LockedPackage][] {
  return Object.entries(dependencies).flatMap(([name, { dependencies: inner = {}, ...locked }]) => {
    const path = `${parent}node_modules/${name}`;
    // A source URL may replace the version.
    const isVersion = /^\d/.test(locked.version);
    const { version, ...rest } = locked;
    const own: LockedPackage = isVersion ? locked : { ...rest, link: version.startsWith("file:") };
    return [[path, own] satisfies [string, LockedPackage], ...nested(inner, `${path}/`)];
  });
}

function compare(wanted: Packages, directory: string): Comparison {
  const record = readText(join(directory, "node_modules/.package-lock.json"));
  const installed = record === null ? new Map<string, LockedPackage>() : packagesIn(JSON.parse(record));
  const surplus = [...installed.keys()].filter((path) => !wanted.has(path));
  const isNested = (path: string): boolean => path.lastIndexOf("node_modules/") > 0 && !isInWorkspace(path);
  return {
    differences: [
      ...[...wanted].flatMap(([path, locked]) => differenceAt(path, locked, installed.get(path), directory)),
      // A nested package would be found before the right one.
      ...surplus
        .filter((path) => isNested(path) && wanted.has(path.slice(0, path.lastIndexOf("/node_modules/"))))
        .map((path) => ({
          name: nameOf(path),
          installed: installed.get(path)?.version ?? null,
          wanted: "none in its place",
        })),
    ],
    extra: new Set(surplus.filter((path) => !isNested(path))),
  };
}

/** Whether a path is at the top of a workspace's own node_modules. */
function isInWorkspace(path: string): boolean {
  return path.indexOf("node_modules/") === path.lastIndexOf("node_modules/");
}

function differenceAt(
  path: string,
  locked: LockedPackage,
  recorded: LockedPackage | undefined,
  directory: string,
): Difference[] {
  const place = join(directory, path);
  const name = nameOf(path);
  if (locked.link) return existsSync(place) ? [] : [{ name, installed: null, wanted: "a link to it" }];
  const version = versionIn(place);
  const wanted = locked.version ?? locked.resolved ?? "some version";
  if (version === undefined) return locked.optional ? [] : [{ name, installed: null, wanted }];
  if (locked.version !== undefined && version !== locked.version) return [{ name, installed: version, wanted }];
  if (recorded !== undefined && isOther(recorded, locked))
    return [{ name, installed: recorded.resolved ?? version, wanted: locked.resolved ?? wanted }];
  return [];
}

/** Whether equal versions come from different sources; for git and files, the version is not enough. */
function isOther(recorded: LockedPackage, locked: LockedPackage): boolean {
  const [one, other] = [recorded.integrity, locked.integrity];
  if (one !== undefined && other !== undefined) return !sharesDigest(one, other);
  const isElsewhere = /^(git|file:)/.test(locked.resolved ?? "");
  return isElsewhere && recorded.resolved !== undefined && recorded.resolved !== locked.resolved;
}

/** Whether two digest lists agree on their common algorithms. */
function sharesDigest(one: string, other: string): boolean {
  const algorithms = new Map(one.split(/\s+/).map((digest) => [digest.split("-")[0], digest]));
  return other.split(/\s+/).every((digest) => {
    const known = algorithms.get(digest.split("-")[0] ?? "");
    return known === undefined || known === digest;
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}
