import { join } from "node:path";
import { parse } from "yaml";
import { addVersion, type Comparison, type LockFormat, missingVersions, readText } from "./lock-file.ts";

/** Yarn's lock file: version 1's format, and the YAML of later versions with node_modules. */
export const yarn: LockFormat = {
  manager: "yarn",
  names: ["yarn.lock"],
  records: [".yarn-integrity", ".yarn-state.yml"],
  installCommand: (text) => (isClassic(text) ? "yarn install --frozen-lockfile" : "yarn install --immutable"),
  compare: async (text, directory) => {
    const modules = join(directory, "node_modules");
    if (!isClassic(text)) {
      const state = readText(join(modules, ".yarn-state.yml"));
      return state === null ? null : compareModern(parse(text), parse(state));
    }
    const integrity = readText(join(modules, ".yarn-integrity"));
    return integrity === null
      ? null
      : compareClassic(classicEntries(text), JSON.parse(integrity).lockfileEntries ?? {});
  },
};

function isClassic(text: string): boolean {
  return /^# yarn lockfile v1$/m.test(text) || !/^__metadata:/m.test(text);
}

/** A version 1 entry, for patterns such as `left@^1.0.0`. */
interface ClassicEntry {
  readonly version: string;
  /** Its source with a digest; empty for packages in the repository. */
  readonly resolved: string;
}

function classicEntries(text: string): Map<string, ClassicEntry> {
  const entries = new Map<string, ClassicEntry>();
  for (const block of text.split(/\n(?=\S)/)) {
    const [header = ""] = block.split("\n");
    if (header.startsWith("#") || !header.endsWith(":")) continue;
    const field = (name: string): string => new RegExp(`^  ${name} "?([^"\\n]*)"?$`, "m").exec(block)?.[1] ?? "";
    const entry = { version: field("version"), resolved: field("resolved") };
    for (const pattern of header.slice(0, -1).split(/,\s*/)) entries.set(pattern.replace(/^"|"$/g, ""), entry);
  }
  return entries;
}

function compareClassic(
  wanted: ReadonlyMap<string, ClassicEntry>,
  installed: Readonly<Record<string, string>>,
): Comparison {
  const needed = new Map<string, Set<string>>();
  for (const [pattern, { version, resolved }] of wanted)
    addVersion(needed, patternName(pattern), versionIn(resolved) ?? (resolved || version));
  const there = new Map<string, Set<string>>();
  for (const [pattern, resolved] of Object.entries(installed))
    addVersion(there, patternName(pattern), versionIn(resolved) ?? resolved);
  const extra = [...there.keys()].filter((name) => !needed.has(name));
  return {
    differences: missingVersions(needed, there),
    extra: new Set(extra.map((name) => `node_modules/${name}`)),
  };
}

/** The version in a registry URL; for other sources the whole URL. */
function versionIn(resolved: string): string | undefined {
  return /-(\d+\.\d+\.\d+[^#]*?)\.tgz/.exec(resolved)?.[1];
}

function patternName(pattern: string): string {
  return pattern.slice(0, pattern.indexOf("@", 1));
}

interface ModernEntry {
  readonly version?: string;
  readonly resolution?: string;
  /** The platforms it is installed on. */
  readonly conditions?: string;
}

interface Placed {
  readonly locations?: readonly string[];
}

function compareModern(
  wanted: Readonly<Record<string, ModernEntry>>,
  installed: Readonly<Record<string, Placed>>,
): Comparison {
  const needed = new Map<string, Set<string>>();
  const known = new Set<string>();
  for (const [key, { resolution, conditions }] of Object.entries(wanted)) {
    if (key === "__metadata" || resolution === undefined) continue;
    const [name, version] = locator(resolution);
    known.add(name);
    if (conditions === undefined && !version.startsWith("workspace:")) addVersion(needed, name, version);
  }
  const there = new Map<string, Set<string>>();
  const extra = new Set<string>();
  for (const [key, { locations = [] }] of Object.entries(installed)) {
    if (key === "__metadata") continue;
    const [name, version] = locator(key);
    addVersion(there, name, version);
    const tops = known.has(name) ? [] : locations.filter((path) => path.split("node_modules/").length === 2);
    for (const path of tops) extra.add(path);
  }
  const differences = missingVersions(needed, there).map(({ name, installed: own, wanted: version }) => ({
    name,
    installed: own?.replaceAll("npm:", "") ?? null,
    wanted: version.replace(/^npm:/, ""),
  }));
  return { differences, extra };
}

/** `left@npm:1.0.0`, `left@virtual:0f…#npm:1.0.0`: the name, and the resolution without peers. */
function locator(text: string): [name: string, version: string] {
  const at = text.indexOf("@", 1);
  return [text.slice(0, at), text.slice(at + 1).replace(/^virtual:[0-9a-f]+#/, "")];
}
