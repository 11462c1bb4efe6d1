import { parseToml } from "./loose-values.ts";

/** Section → key → value as text, over several lines where it is, a list of TOML with an entry on each. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * The sections of an INI or TOML file. Values are text, so that a tool's settings read the same from either; a section of TOML
 * is a table with values of its own, or an empty one.
 */
export function readSections(text: string, format: "ini" | "toml"): Sections {
  return format === "toml" ? new Map(tablesIn(parseToml(text), "")) : iniSections(text);
}

const header = /^\[+\s*([^\][]+?)\s*\]+\s*(?:[#;].*)?$/;
const assignment = /^([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)$/;

/** Not a parser, so that a file with a mistake in it still tells most of what it says. */
function iniSections(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  let key: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const bare = line.trim();
    if (bare.startsWith("#") || bare.startsWith(";")) continue;
    const continues: boolean = key !== null && /^\s/.test(line);
    const name: string | undefined = continues ? undefined : header.exec(bare)?.[1];
    const set: RegExpExecArray | null = continues ? null : assignment.exec(bare);
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      key = null;
    } else if (set !== null) {
      key = set[1] ?? "";
      section.set(key, set[2] ?? "");
    } else if (key !== null && bare !== "") {
      section.set(key, `${section.get(key) ?? ""}\n${bare}`);
    }
  }
  return sections;
}

/** The tables in a table, by their names from the top, and itself. */
function tablesIn(table: object, name: string): [string, Map<string, string>][] {
  const entries = Object.entries(table);
  const inner = entries.filter(([, value]) => isTable(value));
  const own = entries.flatMap(([key, value]): [string, string][] => (isTable(value) ? [] : [[key, textOf(value)]]));
  const isSection = name !== "" && (own.length > 0 || inner.length === 0);
  return [
    ...(isSection ? [[name, new Map(own)] satisfies [string, Map<string, string>]] : []),
    ...inner.flatMap(([key, value]) => tablesIn(value, name === "" ? key : `${name}.${key}`)),
  ];
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
}

function textOf(value: unknown): string {
  return Array.isArray(value)
    ? value
        .filter((entry) => !isTable(entry))
        .map(textOf)
        .join("\n")
    : String(value);
}

/** The words of a setting: a list, a quoted string or plain text. */
export function wordsOf(value: string): string[] {
  return value.split(/[\s,[\]"'=]+/).filter((word) => word !== "");
}
