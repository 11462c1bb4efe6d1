/** Section → key → raw value, possibly of several lines. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

const header = /^\[+\s*([^\][]+?)\s*\]+\s*(?:[#;].*)?$/;
const assignment = /^([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)$/;

/**
 * Reads the sections of an INI or TOML file. It is not a full parser: values stay text, so that a file with a syntax
 * error is still mostly readable.
 */
export function readSections(text: string, format: "ini" | "toml"): Sections {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  let key: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const bare = line.trim();
    if (bare.startsWith("#") || bare.startsWith(";")) continue;
    const value: string = key === null ? "" : (section.get(key) ?? "");
    const continues: boolean = key !== null && (format === "toml" ? isOpen(value) : /^\s/.test(line));
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
      section.set(key, `${value}\n${bare}`);
    }
  }
  return sections;
}

/** Whether a TOML value continues on the next line. */
function isOpen(value: string): boolean {
  const tripleQuotes = value.match(/"""|'''/g)?.length ?? 0;
  if (tripleQuotes % 2 === 1) return true;
  const outsideStrings = value
    .replace(/"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'[^']*'/g, "")
    .replace(/#.*$/gm, "");
  const count = (bracket: RegExp): number => outsideStrings.match(bracket)?.length ?? 0;
  return count(/[[{]/g) > count(/[\]}]/g);
}

/** The words of a setting: a list, a quoted string or plain text. */
export function wordsOf(value: string): string[] {
  return value.split(/[\s,[\]"'=]+/).filter((word) => word !== "");
}
