import type { ProjectFiles } from "./project-files.ts";
import { type UrlList, urlListIn } from "./url-list.ts";

/** A place where an environment variable that holds a database's URL is read or set. */
export interface Mention {
  readonly variable: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `code` reads it in the language of the suites; `setting` sets it, in a file that no test reads by itself. */
  readonly kind: "python" | "javascript" | "setting";
  readonly isTest: boolean;
  /** The scheme of the default URL next to it, or null where there is none. */
  readonly scheme: string | null;
  /** The database in that URL, where it is written out. */
  readonly database: string | null;
  /** The URLs next to it, where they are several in one. */
  readonly list: UrlList | null;
}

const variableName =
  /^[A-Z0-9_]*(DATABASE_(TEST_)?UR[LI]|(^|_)DB_(TEST_)?UR[LI]|POSTGRES(QL)?_UR[LI]|(^|_)PG_?UR[LI]|(DB|DATABASE|PG|POSTGRES(QL)?|SQLALCHEMY|(^|_)TEST)_DSN)[A-Z0-9_]*$|^DSN$/;
/** What a variable that looks like a database's is about instead. */
export const otherService = /REDIS|MONGO|MYSQL|MARIA|CLICKHOUSE|SQLITE|SENTRY|RABBIT|AMQP|NEO4J|ELASTIC/;
const urlPattern = /\b([a-z][a-z0-9]*(?:\+[a-z0-9]+)?):\/\/(?:[^\s"'`@]*@)?[^\s"'`/]*(?:\/([^\s"'`?#),;|]*))?/;

/** What must stand in a name's line, or in the one above, for the name to be that of an environment variable. */
const readers = {
  python: /environ|getenv|\benv\b|\bconfig\(|Field\(|alias|envvar/,
  javascript: /\benv\b|\bz\./,
  setting: /[=:]/,
} as const;
/** How such a name is written, as opposed to a constant of the same name. */
const writtenAs = {
  python: /["']([A-Z][A-Z0-9_]*)["']/g,
  javascript: /(?:\benv\??\.|["'`]|[{,]\s*|^\s*)([A-Z][A-Z0-9_]*)\b/g,
  setting: /\b([A-Z][A-Z0-9_]*)\b/g,
} as const;
const settingFile =
  /(^|\/)(\.env[^/]*|(docker-)?compose[^/]*\.ya?ml|tox\.ini|pytest\.ini|pyproject\.toml|setup\.cfg|Makefile|moon\.yml)$|^\.github\/workflows\//;
const testPath = /(^|\/)(tests?|__tests__)\/|(^|\/)conftest\.py$|(^|\/)test_[^/]*$|\.(test|spec)\./;
/** How many lines below a name its default may stand, and how many a list of URLs may take. */
const defaultReach = 3;
const reach = 12;

/** Every place in a project that names a variable for a Postgres URL, in the order of the files. */
export function findMentions(project: ProjectFiles): Mention[] {
  return project.paths.flatMap((file) => {
    const kind = kindOf(file);
    const text = kind === null ? null : project.read(file);
    return kind === null || text === null ? [] : mentionsIn(file, text, kind);
  });
}

/** The kind of mention a file may hold, or null for a file that holds none. */
export function kindOf(file: string): Mention["kind"] | null {
  if (file.endsWith(".py")) return "python";
  if (/\.([cm]?[jt]sx?|prisma)$/.test(file)) return "javascript";
  return settingFile.test(file) ? "setting" : null;
}

function mentionsIn(file: string, text: string, kind: Mention["kind"]): Mention[] {
  const lines = text.split(/\r?\n/);
  const prefix = /env_prefix\s*=\s*["'](\w+)["']/.exec(text)?.[1] ?? "";
  const isSettingsClass = kind === "python" && text.includes("BaseSettings");
  return lines.flatMap((line, index) => {
    const nearby = `${lines[index - 1] ?? ""}\n${line}`;
    const names = readers[kind].test(nearby) ? [...line.matchAll(writtenAs[kind])].map((match) => match[1] ?? "") : [];
    const field = isSettingsClass ? /^\s+(\w+)\s*:\s*\w/.exec(line)?.[1] : undefined;
    if (field !== undefined) names.push(`${prefix}${field}`.toUpperCase());
    const isMeant = (name: string): boolean => isDatabaseVariable(name) || holdsUrl(name, line);
    return [...new Set(names)].filter(isMeant).flatMap((variable) => {
      const texts = textsBehind(lines, index, variable);
      const list = urlListIn(texts.join("\n"));
      const url = list === null ? defaultUrl(texts) : { scheme: list.schemes[0] ?? "", database: list.database };
      if (url !== null && !/^postgres/.test(url.scheme) && !isReplaceable(url.scheme)) return [];
      const scheme = url !== null && /^postgres/.test(url.scheme) ? url.scheme : null;
      const database =
        scheme !== null && /^[A-Za-z_][\w-]*$/.test(url?.database ?? "") ? (url?.database ?? null) : null;
      return [{ variable, file, line: index + 1, kind, isTest: isTestPath(file), scheme, database, list }];
    });
  });
}

/** Whether a file is one of the tests', by its path. */
export function isTestPath(file: string): boolean {
  return testPath.test(file);
}

function isDatabaseVariable(name: string): boolean {
  return variableName.test(name) && !otherService.test(name);
}

/** Whether a URL of Postgres's is the default of a variable, or what it is set to: then it counts, whatever its name. */
function holdsUrl(name: string, line: string): boolean {
  const between = /["'`]?\]?\s*(?:,\s*(?:default\s*=\s*)?|\?\?|\|\||[:=])\s*["'`]?/.source;
  return !otherService.test(name) && new RegExp(`\\b${name}${between}postgres(ql)?(\\+\\w+)?://`).test(line);
}

/** A SQLite default says where it runs without a server, not that it cannot run on one. */
function isReplaceable(scheme: string): boolean {
  return scheme.startsWith("sqlite") || /^https?$/.test(scheme);
}

/** What stands behind a variable's name: the rest of its line and the lines below, up to the next variable. */
function textsBehind(lines: readonly string[], index: number, variable: string): string[] {
  const line = lines[index] ?? "";
  const start = line.toUpperCase().indexOf(variable);
  const below = lines.slice(index + 1, index + 1 + reach);
  const next = below.findIndex((text) => (text.match(/\b[A-Z][A-Z0-9_]*\b/g) ?? []).some(isDatabaseVariable));
  return [start === -1 ? line : line.slice(start + variable.length), ...(next === -1 ? below : below.slice(0, next))];
}

/** The first URL in the lines behind a variable's name, one of Postgres's where there is one. */
function defaultUrl(texts: readonly string[]): { scheme: string; database: string } | null {
  const found: { scheme: string; database: string }[] = [];
  for (const text of texts.slice(0, 1 + defaultReach)) {
    const [, scheme, database = ""] = urlPattern.exec(text) ?? [];
    if (scheme !== undefined) found.push({ scheme, database });
    // Only a list goes on.
    if (scheme !== undefined && !/,\s*$/.test(text)) break;
  }
  return found.find(({ scheme }) => /^postgres/.test(scheme)) ?? found[0] ?? null;
}
