import { basename } from "node:path/posix";
import { bracketsAround, quoteMark, tokensOf, unquoted } from "../../project/parsers/code-tokens.ts";
import { parseYaml, recordOf } from "../../project/parsers/loose-values.ts";
import { readSections } from "../../project/parsers/sections.ts";

/** An entry of a coverage exclusion list. */
export interface ExclusionEntry {
  /** The list's key, such as `omit`. */
  readonly list: string;
  /** As written, such as `src/generated/*`. */
  readonly entry: string;
}

type Reader = (text: string) => ExclusionEntry[];

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
export function exclusionsIn(file: string, text: string): ExclusionEntry[] {
  const name = basename(file);
  return readers.filter(([pattern]) => pattern.test(name)).flatMap(([, read]) => read(text));
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
  if (format === "ini") return value.split(/[\n,]/).map((entry) => entry.trim());
  const parts = value.matchAll(/#.*|"((?:\\.|[^"\\])*)"|'([^']*)'/g);
  return [...parts].map(([, double, single]) => double ?? single ?? "");
}

function jestLists(text: string): ExclusionEntry[] {
  return [
    ...inCode(text, "coveragePathIgnorePatterns", null, "coveragePathIgnorePatterns"),
    ...negated(inCode(text, "collectCoverageFrom", null, "collectCoverageFrom")),
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
function inCode(text: string, key: string, parent: string | null, list: string): ExclusionEntry[] {
  const tokens = tokensOf(text);
  const found = tokens.flatMap((token, index) => {
    if (unquoted(token) !== key || tokens[index + 1] !== ":" || tokens[index + 2] !== "[") return [];
    const { open } = bracketsAround(tokens, index);
    if (parent !== null && unquoted(tokens[open - 2] ?? "") !== parent) return [];
    const { close } = bracketsAround(tokens, index + 3);
    return tokens
      .slice(index + 3, close)
      .filter((one) => quoteMark.test(one))
      .map(unquoted);
  });
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
