import { join, resolve } from "node:path";
import { parse } from "yaml";
import {
  addVersion,
  type Comparison,
  type Difference,
  type LockFormat,
  missingVersions,
  readText,
} from "./lock-file.ts";

/** pnpm's lock file, versions 5 to 9. pnpm stores what it installed as a lock file in its store. */
export const pnpm: LockFormat = {
  manager: "pnpm",
  names: ["pnpm-lock.yaml"],
  records: [".modules.yaml"],
  installCommand: () => "pnpm install --frozen-lockfile",
  compare: async (text, directory) => {
    const record = installedLock(directory);
    if (record === null) return null;
    // Parsing a large one takes seconds.
    if (record === text) return { differences: [], extra: new Set() };
    return compare(parse(text), parse(record));
  },
};

interface Resolved {
  readonly resolution?: { readonly integrity?: string };
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A direct dependency; only a version before version 6. */
type Direct = string | { readonly version: string };
type Importer = Readonly<Partial<Record<(typeof directFields)[number], Readonly<Record<string, Direct>>>>>;

interface LockFile extends Importer {
  readonly importers?: Readonly<Record<string, Importer>>;
  readonly packages?: Readonly<Record<string, Resolved>>;
  /** From version 9: dependencies of packages are stored separately. */
  readonly snapshots?: Readonly<Record<string, Resolved>>;
}

const directFields = ["dependencies", "devDependencies", "optionalDependencies"] as const;

function installedLock(directory: string): string | null {
  const modules = join(directory, "node_modules");
  const settings = readText(join(modules, ".modules.yaml"));
  const { virtualStoreDir = ".pnpm" }: { virtualStoreDir?: string } = settings === null ? {} : (parse(settings) ?? {});
  return readText(join(resolve(modules, virtualStoreDir), "lock.yaml")) ?? readText(join(modules, ".pnpm/lock.yaml"));
}

function compare(wanted: LockFile, installed: LockFile): Comparison {
  const needed = new Map([...entriesOf(wanted)].filter(([, { optional }]) => !optional));
  const there = entriesOf(installed);
  const versions = missingVersions(versionsOf(needed.keys()), versionsOf(there.keys()));
  const direct = directDifferences(wanted, installed);
  const others = [...needed].flatMap(([key, resolved]) => {
    const known = there.get(key);
    if (known === undefined || isSame(resolved, known)) return [];
    const [name, version] = nameAndVersion(key);
    return [{ name, installed: `${version} with other contents or dependencies`, wanted: version }];
  });
  // A direct dependency of another version is usually also reported as a missing package.
  const named = new Set(direct.map(({ name }) => name));
  return {
    differences: [...direct, ...[...versions, ...others].filter(({ name }) => !named.has(name))],
    extra: extraOf(wanted, installed),
  };
}

/** Packages by key, with dependencies from wherever the version stores them. */
function entriesOf({ packages = {}, snapshots }: LockFile): Map<string, Resolved> {
  if (snapshots === undefined) return new Map(Object.entries(packages));
  return new Map(
    Object.entries(snapshots).map(([key, snapshot]) => {
      const { resolution } = packages[key.replace(/\(.*$/, "")] ?? {};
      return [key, { ...snapshot, resolution }];
    }),
  );
}

function isSame(one: Resolved, other: Resolved): boolean {
  const facts = ({ resolution, dependencies, optionalDependencies }: Resolved): string =>
    JSON.stringify([resolution?.integrity, dependencies, optionalDependencies]);
  return facts(one) === facts(other);
}

function versionsOf(keys: Iterable<string>): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const key of keys) addVersion(all, ...nameAndVersion(key));
  return all;
}

/** `/left/1.0.0_peer@2.0.0` (version 5), `/left@1.0.0(peer@2.0.0)` (6), `left@1.0.0(peer@2.0.0)` (9). */
function nameAndVersion(key: string): [name: string, version: string] {
  const plain = key.replace(/^\//, "").replace(/\(.*$/, "");
  const [, name, version] = /^((?:@[^/@]+\/)?[^/@]+)[@/]([^_]+)/.exec(plain) ?? [];
  return [name ?? plain, version ?? ""];
}

function importersOf(lock: LockFile): ReadonlyMap<string, Importer> {
  return new Map(Object.entries(lock.importers ?? { ".": lock }));
}

function directOf(
  importer: Importer | undefined,
): Map<string, { readonly version: string; readonly optional: boolean }> {
  const all = directFields.flatMap((field) =>
    Object.entries(importer?.[field] ?? {}).map(([name, direct]) => {
      const version = typeof direct === "string" ? direct : direct.version;
      return [name, { version, optional: field === "optionalDependencies" }] as const;
    }),
  );
  return new Map(all);
}

function directDifferences(wanted: LockFile, installed: LockFile): Difference[] {
  const there = importersOf(installed);
  return [...importersOf(wanted)].flatMap(([path, importer]) => {
    const known = directOf(there.get(path));
    return [...directOf(importer)].flatMap(([name, { version, optional }]) => {
      const own = known.get(name)?.version;
      if (own === version || (own === undefined && optional)) return [];
      return [{ name, installed: own === undefined ? null : plain(own), wanted: plain(version) }];
    });
  });
}

/** A version without its resolved peers. */
function plain(version: string): string {
  return version.replace(/[(_].*$/, "");
}

function extraOf(wanted: LockFile, installed: LockFile): Set<string> {
  const needed = importersOf(wanted);
  const extra = [...importersOf(installed)].flatMap(([path, importer]) => {
    const known = directOf(needed.get(path));
    return [...directOf(importer).keys()]
      .filter((name) => !known.has(name))
      .map((name) => join(path, "node_modules", name));
  });
  return new Set(extra);
}
