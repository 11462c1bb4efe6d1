import { basename } from "node:path/posix";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { readSections } from "../../project/parsers/sections.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";

/** An entry of a coverage exclusion list. */
export interface ExclusionEntry {
  /** The list's key, such as `omit`. */
  readonly list: string;
  /** As written, such as `src/generated/*`. */
  readonly entry: string;
}

type Reader = (text: string) => ExclusionEntry[] | Promise<ExclusionEntry[]>;

/** The files that may contain exclusion lists, by base name, and how to read them. */
const readers: readonly (readonly [RegExp, Reader])[] = [
  [/^\.coveragerc$|^setup\.cfg$|^tox\.ini$/, (text) => coveragePy(text, "ini")],
  [/^\.coveragerc\.toml$|^pyproject\.toml$/, (text) => coveragePy(text, "toml")],
  [
    /^(vitest|vite)\.config\.[cm]?[jt]s$|^vitest\.workspace\./,
    (text) => inCode(text, "exclude", "coverage", "coverage.exclude"),
  ],
  [/^jest\.config\.([cm]?[jt]s|json)$/, jestLists],
  [/^\.(nycrc|c8rc)(\.json|\.ya?ml)?$/, (text) => entries("exclude", recordOf(parseYaml(text)).exclude)],
  [/^nyc\.config\.[cm]?js$/, (text) => inCode(text, "exclude", null, "exclude")],
  [/^package\.json$/, packageLists],
  [/^verify\.config\.(json|ya?ml)$/, (text) => ownList(parseYaml(text))],
  [/^verify\.config\.(m?js|ts)$/, (text) => inCode(text, "exclude", "coverage", "coverage.exclude")],
];

/** Pathspecs of files that may contain exclusion lists. */
export const exclusionPathspecs: readonly string[] = [
  ...[".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml", "package.json"],
  ...["vitest.config.*", "vite.config.*", "vitest.workspace.*", "jest.config.*", ".nycrc*", ".c8rc*", "nyc.config.*"],
  "verify.config.*",
].map((name) => `:(top,glob)**/${name}`);

/** The exclusions in a file of that name, as far as they can be read without running it. */
export async function exclusionsIn(file: string, text: string): Promise<ExclusionEntry[]> {
  const name = basename(file);
  const fitting = readers.filter(([pattern]) => pattern.test(name));
  return (await Promise.all(fitting.map(([, read]) => read(text)))).flat();
}

const listsOfCoveragePy = ["omit", "exclude_also", "exclude_lines"];

function coveragePy(text: string, format: "ini" | "toml"): ExclusionEntry[] {
  return [...readSections(text, format)].flatMap(([section, settings]) => {
    if (!/^(?:tool\.)?(?:coverage[:.])?(?:run|report)$/.test(section)) return [];
    return listsOfCoveragePy.flatMap((list) => entries(list, listIn(settings.get(list) ?? "", format)));
  });
}

/** The strings of a list in TOML, or the lines of a list in INI, each of which may contain several patterns. */
function listIn(value: string, format: "ini" | "toml"): string[] {
  return format === "toml" ? value.split("\n") : value.split(/[\n,]/).map((entry) => entry.trim());
}

async function jestLists(text: string): Promise<ExclusionEntry[]> {
  return [
    ...(await inCode(text, "coveragePathIgnorePatterns", null, "coveragePathIgnorePatterns")),
    ...negated(await inCode(text, "collectCoverageFrom", null, "collectCoverageFrom")),
  ];
}

function packageLists(text: string): ExclusionEntry[] {
  const { jest, c8, nyc, verify } = recordOf(parseYaml(text));
  const { coveragePathIgnorePatterns, collectCoverageFrom } = recordOf(jest);
  return [
    ...entries("coveragePathIgnorePatterns", coveragePathIgnorePatterns),
    ...negated(everyEntry("collectCoverageFrom", collectCoverageFrom)),
    ...entries("c8.exclude", recordOf(c8).exclude),
    ...entries("nyc.exclude", recordOf(nyc).exclude),
    ...ownList(verify),
  ];
}

function ownList(configuration: unknown): ExclusionEntry[] {
  return entries("coverage.exclude", recordOf(recordOf(configuration).coverage).exclude);
}

/** The strings of the list at a key, inside the object at the parent key. */
async function inCode(text: string, key: string, parent: string | null, list: string): Promise<ExclusionEntry[]> {
  // Loaded only here: it is large.
  const { listedFor } = await import("../../project/parsers/object-literal.ts");
  const found = listedFor(text, parent, key);
  return list === "collectCoverageFrom" ? everyEntry(list, found) : entries(list, found);
}

/** In an exclusion list, entries with a leading `!` are not exclusions. */
function entries(list: string, value: unknown): ExclusionEntry[] {
  return everyEntry(list, value).filter(({ entry }) => !entry.startsWith("!"));
}

/** In an inclusion list, entries with a leading `!` are exclusions. */
function negated(all: readonly ExclusionEntry[]): ExclusionEntry[] {
  return all.filter(({ entry }) => entry.startsWith("!"));
}

function everyEntry(list: string, value: unknown): ExclusionEntry[] {
  const written: readonly unknown[] = Array.isArray(value) ? value : [value];
  return written.flatMap((entry) => (typeof entry === "string" && entry !== "" ? [{ list, entry }] : []));
}
