import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Comparison, type Difference, type LockFormat, versionIn } from "./lock-file.ts";

/** Bun's text lock file; the older binary format cannot be compared. */
export const bun: LockFormat = {
  manager: "bun",
  names: ["bun.lock", "bun.lockb"],
  records: [],
  installCommand: () => "bun install --frozen-lockfile",
  // JSON with trailing commas, which is valid YAML; the binary format does not start like this.
  compare: async (text, directory) => (text.trimStart().startsWith("{") ? compare(parse(text), directory) : null),
};

interface LockFile {
  /**
   * By place: `left`, or `right/left` for a nested one; the value begins with name and version, and has details further
   * on.
   */
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

/** Whether a package is platform-specific or optional. */
function isForSome(facts: readonly unknown[]): boolean {
  return facts.some((fact) => typeof fact === "object" && fact !== null && ("os" in fact || "cpu" in fact));
}

/**
 * Whether the store of Bun's isolated installs contains a package: `left@1.0.0`, `@scope+right@1.0.0+0f…` with peers.
 */
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
