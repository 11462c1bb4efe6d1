import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Comparison, type Difference, type LockFormat, versionIn } from "./lock-file.ts";

/** Bun's lock file as text; of the older binary one nothing can be told. */
export const bun: LockFormat = {
  manager: "bun",
  names: ["bun.lock", "bun.lockb"],
  records: [],
  installCommand: () => "bun install --frozen-lockfile",
  // JSON with commas at the ends, which YAML reads. A binary file has no such beginning.
  compare: async (text, directory) => (text.trimStart().startsWith("{") ? compare(parse(text), directory) : null),
};

interface LockFile {
  /** By place: `left`, or `right/left` for one inside of another; what it is, first, and facts about it, some way behind. */
  readonly packages?: Readonly<Record<string, readonly unknown[]>>;
}

function compare({ packages = {} }: LockFile, directory: string): Comparison {
  const stored = new Set(namesIn(join(directory, "node_modules/.bun")));
  const differences = Object.entries(packages).flatMap(([key, [identity, ...facts]]): Difference[] => {
    const names = key.match(/(?:@[^/]+\/)?[^/]+/g) ?? [];
    const path = names.map((name) => join("node_modules", name)).join("/");
    const [, wanted = ""] = /^.[^@]*@(.*)$/.exec(String(identity)) ?? [];
    if (wanted.startsWith("workspace:")) return [];
    const name = names.at(-1) ?? key;
    const version = versionIn(join(directory, path));
    if (version === undefined && isStored(stored, name, wanted)) return [];
    if (version === undefined) return isForSome(facts) ? [] : [{ name, installed: null, wanted }];
    return /^\d/.test(wanted) && version !== wanted ? [{ name, installed: version, wanted }] : [];
  });
  const extra = topLevel(join(directory, "node_modules")).filter((name) => !Object.hasOwn(packages, name));
  return { differences, extra: new Set(extra.map((name) => `node_modules/${name}`)) };
}

/** Whether a package is for some platforms only, or may be missing. */
function isForSome(facts: readonly unknown[]): boolean {
  return facts.some((fact) => typeof fact === "object" && fact !== null && ("os" in fact || "cpu" in fact));
}

/** Whether the store of links of Bun's isolated installs has a package: `left@1.0.0`, `@scope+right@1.0.0+0f…` with its peers. */
function isStored(stored: ReadonlySet<string>, name: string, version: string): boolean {
  const entry = `${name.replace("/", "+")}@${version}`;
  return stored.has(entry) || [...stored].some((other) => other.startsWith(`${entry}+`));
}

function topLevel(modules: string): string[] {
  const visible = namesIn(modules).filter((name) => !name.startsWith("."));
  return visible.flatMap((name) =>
    name.startsWith("@") ? namesIn(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
