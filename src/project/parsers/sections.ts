/** Section → key → value as it is written, over several lines where it is. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

const header = /^\[+\s*([^\][]+?)\s*\]+\s*(?:[#;].*)?$/;
const assignment = /^([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)$/;

/**
 * The sections of an INI or TOML file, as far as one must know them to see what is set and what it names. Not a parser:
 * values stay text, so that a file with a mistake in it still tells most of what it says.
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

/** Whether a TOML value goes on in the next line. */
function isOpen(value: string): boolean {
  const tripleQuotes = value.match(/"""|'''/g)?.length ?? 0;
  if (tripleQuotes % 2 === 1) return true;
  const outsideStrings = value
    .replace(/"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'[^']*'/g, "")
    .replace(/#.*$/gm, "");
  const count = (bracket: RegExp): number => outsideStrings.match(bracket)?.length ?? 0;
  return count(/[[{]/g) > count(/[\]}]/g);
}

/** The words of a setting that is a list, a quoted string or plain text. */
export function wordsOf(value: string): string[] {
  return value.split(/[\s,[\]"'=]+/).filter((word) => word !== "");
}
