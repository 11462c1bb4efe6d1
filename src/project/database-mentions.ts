import type { ProjectFiles } from "./project-files.ts";
import { type UrlList, urlListIn } from "./url-list.ts";

/** Where a variable with a database URL is read or set. */
export interface Mention {
  readonly variable: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** `code` reads it in a suite's language; `setting` sets it in a file that tests do not read. */
  readonly kind: "python" | "javascript" | "setting";
  readonly isTest: boolean;
  /** The scheme of its default URL, or null without one. */
  readonly scheme: string | null;
  /** The database in that URL, if literal. */
  readonly database: string | null;
  /** Its URLs, where the value is a list. */
  readonly list: UrlList | null;
}

const variableName =
  /^[A-Z0-9_]*(DATABASE_(TEST_)?UR[LI]|(^|_)DB_(TEST_)?UR[LI]|POSTGRES(QL)?_UR[LI]|(^|_)PG_?UR[LI]|(DB|DATABASE|PG|POSTGRES(QL)?|SQLALCHEMY|(^|_)TEST)_DSN)[A-Z0-9_]*$|^DSN$/;
/** Names of other services, which look like a database's. */
export const otherService = /REDIS|MONGO|MYSQL|MARIA|CLICKHOUSE|SQLITE|SENTRY|RABBIT|AMQP|NEO4J|ELASTIC/;
const urlPattern = /\b([a-z][a-z0-9]*(?:\+[a-z0-9]+)?):\/\/(?:[^\s"'`@]*@)?[^\s"'`/]*(?:\/([^\s"'`?#),;|]*))?/;

/** What makes a name in this or the previous line an environment variable. */
const readers = {
  python: /environ|getenv|\benv\b|\bconfig\(|Field\(|alias|envvar/,
  javascript: /\benv\b|\bz\./,
  setting: /[=:]/,
} as const;
/** How a variable's name is written, unlike a constant of the same name. */
const writtenAs = {
  python: /["']([A-Z][A-Z0-9_]*)["']/g,
  javascript: /(?:\benv\??\.|["'`]|[{,]\s*|^\s*)([A-Z][A-Z0-9_]*)\b/g,
  setting: /\b([A-Z][A-Z0-9_]*)\b/g,
} as const;
const settingFile =
  /(^|\/)(\.env[^/]*|(docker-)?compose[^/]*\.ya?ml|tox\.ini|pytest\.ini|pyproject\.toml|setup\.cfg|Makefile|moon\.yml)$|^\.github\/workflows\//;
const testPath = /(^|\/)(tests?|__tests__)\/|(^|\/)conftest\.py$|(^|\/)test_[^/]*$|\.(test|spec)\./;
/** How far below a name its default may be, and how long a list of URLs may be, in lines. */
const defaultReach = 3;
const reach = 12;

/** Every mention of a variable for a Postgres URL, in order of files. */
export function findMentions(project: ProjectFiles): Mention[] {
  return project.paths.flatMap((file) => {
    const kind = kindOf(file);
    const text = kind === null ? null : project.read(file);
    return kind === null || text === null ? [] : mentionsIn(file, text, kind);
  });
}

/** The kind of mention in a file, or null where it cannot contain any. */
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

/** Whether a path belongs to tests. */
export function isTestPath(file: string): boolean {
  return testPath.test(file);
}

function isDatabaseVariable(name: string): boolean {
  return variableName.test(name) && !otherService.test(name);
}

/** Whether the variable's default or value is a Postgres URL: then its name does not matter. */
function holdsUrl(name: string, line: string): boolean {
  const between = /["'`]?\]?\s*(?:,\s*(?:default\s*=\s*)?|\?\?|\|\||[:=])\s*["'`]?/.source;
  return !otherService.test(name) && new RegExp(`\\b${name}${between}postgres(ql)?(\\+\\w+)?://`).test(line);
}

/** A SQLite default does not exclude Postgres. */
function isReplaceable(scheme: string): boolean {
  return scheme.startsWith("sqlite") || /^https?$/.test(scheme);
}

/** The text after a variable's name: the rest of the line and lines below, up to the next variable. */
function textsBehind(lines: readonly string[], index: number, variable: string): string[] {
  const line = lines[index] ?? "";
  const start = line.toUpperCase().indexOf(variable);
  const below = lines.slice(index + 1, index + 1 + reach);
  const next = below.findIndex((text) => (text.match(/\b[A-Z][A-Z0-9_]*\b/g) ?? []).some(isDatabaseVariable));
  return [start === -1 ? line : line.slice(start + variable.length), ...(next === -1 ? below : below.slice(0, next))];
}

/** The first URL after a variable's name, preferring one of Postgres. */
function defaultUrl(texts: readonly string[]): { scheme: string; database: string } | null {
  const found: { scheme: string; database: string }[] = [];
  for (const text of texts.slice(0, 1 + defaultReach)) {
    const [, scheme, database = ""] = urlPattern.exec(text) ?? [];
    if (scheme !== undefined) found.push({ scheme, database });
    // Only a list continues.
    if (scheme !== undefined && !/,\s*$/.test(text)) break;
  }
  return found.find(({ scheme }) => /^postgres/.test(scheme)) ?? found[0] ?? null;
}
