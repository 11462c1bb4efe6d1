import { runnerFacts } from "../../config/runner-facts.ts";
import { findMentions, kindOf, type Mention } from "../../project/database-mentions.ts";
import { findPartMentions, type PartMention } from "../../project/database-parts.ts";
import { isUnder, type ProjectFiles } from "../../project/project-files.ts";
import { settingsFileUrls } from "../../project/settings-file-urls.ts";
import type { FixedConnection } from "../../suite/hints/fixed-connections.ts";
import { postgresSign, usesSqlAlchemyWith } from "./database-signs.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { goesThroughList } from "./list-use.ts";

/** The suites' database requirements, and where they were found. */
export interface DetectedDatabase {
  /** The suites that use Postgres; without any, the rest is irrelevant. */
  readonly suites: ReadonlySet<DetectedSuite>;
  /** The base name, from a test's URL. */
  readonly name: string | undefined;
  /** Omitted for the default. */
  readonly isolation?: "server";
  /** Variable → URL scheme or part of the address; empty where none was found. */
  readonly variables: Readonly<Record<string, string>>;
  /** One line each. */
  readonly notes: readonly string[];
}

/** Detects which suites use Postgres, and through which variables. */
export function detectDatabase(
  project: ProjectFiles,
  suites: readonly DetectedSuite[],
  fixed: readonly FixedConnection[] = [],
): DetectedDatabase {
  const all = { urls: findMentions(project), parts: findPartMentions(project) };
  const users = findUsers(project, suites, all);
  const isRead = (mention: Place): boolean => [...users.keys()].some((suite) => isReadBy(suite, suites, mention));
  const settings = settingsIn(all);
  const chosen = users.size === 0 ? { urls: [], parts: [] } : chooseMentions(all, settings, isRead);
  const names = [...new Set(chosen.urls.map((mention) => mention.variable))];
  const parts = new Map(chosen.parts.map(({ variable, part }) => [variable, part]));
  const isNameFree = names.length > 0 || chosen.parts.some(({ part }) => part === "name");
  const written = isNameFree ? undefined : nameInCode(fixed, users, suites);
  if (written !== undefined) {
    return {
      suites: new Set(users.keys()),
      name: written.name,
      isolation: "server",
      variables: Object.fromEntries(parts),
      notes: [
        ...partNotes(chosen.parts),
        `isolation "server", a server for each worker: ${written.file}:${written.line} names the database ${written.name} itself`,
      ],
    };
  }
  const urls = [...chosen.urls, ...settings.urls];
  const described = names.map((name) => {
    const mentions = byWeight(urls.filter(({ variable }) => variable === name));
    return describeVariable(project, name, mentions, users);
  });
  const named = databaseNamed(urls, [...chosen.parts, ...settings.parts]);
  return {
    suites: new Set(users.keys()),
    name: named?.name,
    variables: Object.fromEntries([
      ...described.map(({ variable, scheme }) => [variable, scheme]),
      ...[...parts].filter(([variable]) => !names.includes(variable)),
    ]),
    notes: [
      ...described.map(({ note }) => note),
      ...partNotes(chosen.parts),
      ...(named === undefined ? [] : [`${named.name}, the base name, read in ${named.place}`]),
      ...(users.size > 0 && names.length + parts.size === 0 ? noVariableNotes(project, users, fixed) : []),
    ],
  };
}

/** Where URLs of databases, and parts of their addresses, are mentioned. */
interface Mentions {
  readonly urls: readonly Mention[];
  readonly parts: readonly PartMention[];
}

/** The suites that use Postgres, and what shows it. */
type Users = ReadonlyMap<DetectedSuite, string>;

function findUsers(project: ProjectFiles, suites: readonly DetectedSuite[], { urls, parts }: Mentions): Users {
  const users = new Map<DetectedSuite, string>();
  for (const suite of suites) {
    const url = urls.find((mention) => mention.scheme !== null && isReadBy(suite, suites, mention));
    const part = parts.find((mention) => isReadBy(suite, suites, mention));
    const sign = postgresSign(project, suite, (path) => belongsTo(suite, suites, path));
    if (sign !== null) users.set(suite, sign);
    else if (url !== undefined) users.set(suite, place(url));
    else if (part !== undefined && isPostgresPort(parts, part)) users.set(suite, place(part));
  }
  return users;
}

/** What CI, compose files and the like set. */
function settingsIn({ urls, parts }: Mentions): Mentions {
  const isSetting = ({ kind }: Place): boolean => kind === "setting";
  return { urls: urls.filter(isSetting), parts: parts.filter(isSetting) };
}

/** What the suites read; what is set counts only where no code shows what it reads. */
function chooseMentions({ urls, parts }: Mentions, settings: Mentions, isRead: (place: Place) => boolean): Mentions {
  const read = { urls: urls.filter(isRead), parts: parts.filter(isRead) };
  return read.urls.length + read.parts.length === 0 ? settings : read;
}

/** Where the suites' code names its database itself. */
function nameInCode(
  fixed: readonly FixedConnection[],
  users: Users,
  suites: readonly DetectedSuite[],
): FixedConnection | undefined {
  const isUsers = (file: string): boolean => [...users.keys()].some((suite) => belongsTo(suite, suites, file));
  return fixed.find(({ kind, file }) => kind === "database" && isUsers(file));
}

function noVariableNotes(project: ProjectFiles, users: Users, fixed: readonly FixedConnection[]): string[] {
  const signs = [...new Set(users.values())].join(", ");
  return [
    `no variable for its URL found (${signs}): the workers get DATABASE_URL and TEST_DATABASE_URL`,
    ...fixedServers(project, users, fixed),
  ];
}

/** A line for each hard-coded server, which no variable can redirect. */
function fixedServers(project: ProjectFiles, users: Users, fixed: readonly FixedConnection[]): string[] {
  const inCode = fixed.filter(({ kind }) => kind === "server");
  const all = [
    ...inCode,
    ...settingsFileUrls(
      project,
      [...users.keys()].map(({ command }) => command),
    ),
  ];
  return all.map(
    (one) => `${one.file}:${one.line} names a server itself: have what reads it take DATABASE_URL instead`,
  );
}

/** Whether a variable's file has Postgres's port too: the only sign where a suite has no known driver. */
function isPostgresPort(parts: readonly PartMention[], { file }: PartMention): boolean {
  return parts.some((other) => other.file === file && other.part === "port" && other.value === "5432");
}

/** A line for each file that reads parts of the address. */
function partNotes(parts: readonly PartMention[]): string[] {
  const all = onePerVariable(parts);
  const files = [...new Set(all.map(({ file }) => file))];
  return files.map((file) => {
    const group = all.filter((mention) => mention.file === file);
    const where = group[0] === undefined ? file : place(group[0]);
    return `${group.map(({ variable, part }) => `${variable} (${part})`).join(", ")}, read in ${where}`;
  });
}

/** Each variable at its best place: tests, else sources, else settings. */
function onePerVariable(parts: readonly PartMention[]): PartMention[] {
  const weight = ({ isTest, kind }: PartMention): number => (isTest ? 0 : kind === "setting" ? 2 : 1);
  const sorted = parts.toSorted((left, right) => weight(left) - weight(right));
  return [...new Map(sorted.toReversed().map((mention) => [mention.variable, mention])).values()].toReversed();
}

/** The base name: from CI, else a name that belongs to tests. */
function databaseNamed(
  mentions: readonly Mention[],
  parts: readonly PartMention[],
): { readonly name: string; readonly place: string } | undefined {
  const urls = byWeight(mentions).flatMap((mention) =>
    mention.database === null ? [] : [{ ...mention, name: mention.database }],
  );
  const named = parts.flatMap((mention) =>
    mention.part === "name" && mention.value ? [{ ...mention, name: mention.value }] : [],
  );
  const all = [...urls, ...named].filter(({ name }) => /^[A-Za-z_][\w-]*$/.test(name) && name !== "postgres");
  const found = all.find(({ file }) => isWorkflow(file)) ?? all.find(({ name }) => name.includes("test"));
  return found && { name: found.name, place: place(found) };
}

function describeVariable(
  project: ProjectFiles,
  variable: string,
  mentions: readonly Mention[],
  users: Users,
): { variable: string; scheme: string; note: string } {
  const first = mentions[0];
  const withScheme = mentions.find((mention) => mention.scheme !== null);
  const pythonUser = [...users.keys()].find((suite) => runnerFacts[suite.runner].language === "python");
  const isPython = mentions.some((mention) => mention.kind === "python");
  const driver = pythonUser && isPython ? usesSqlAlchemyWith(project, pythonUser) : null;
  const list = mentions.find((mention) => mention.list !== null)?.list ?? null;
  const where = first ? place(first) : "the project";
  if (list !== null && goesThroughList(project, variable)) {
    const others =
      list.others.length === 0 ? "" : `, without its ${list.others.join(", ")}, for which no database is made`;
    return {
      variable,
      scheme: list.schemes.length > 1 || list.template.startsWith("[") ? list.template : (list.schemes[0] ?? ""),
      note: `${variable} (a list of URLs: ${list.schemes.join(", ")}), read in ${where}${others}`,
    };
  }
  const scheme = withScheme?.scheme ?? (driver === null ? "postgresql" : `postgresql+${driver}`);
  const source = withScheme === undefined && driver !== null ? `, its driver ${driver} from the dependencies` : "";
  const several = /(URL|URI|DSN)S$/.test(variable) ? "; it gets one URL, where its name says several" : "";
  return {
    variable,
    scheme,
    note: `${variable} (${scheme}), read in ${where}${source}${several}`,
  };
}

/** CI first, as it is known to work, then tests, sources and settings; with a URL first. */
function byWeight(mentions: readonly Mention[]): Mention[] {
  const weight = (mention: Mention): number => {
    if (isWorkflow(mention.file) && mention.scheme !== null) return -1;
    return (mention.isTest ? 0 : mention.kind === "setting" ? 4 : 2) + (mention.scheme === null ? 1 : 0);
  };
  return mentions.toSorted((left, right) => weight(left) - weight(right));
}

/** Where a variable is mentioned. */
type Place = Pick<Mention, "file" | "line" | "kind">;

function isWorkflow(file: string): boolean {
  return file.startsWith(".github/workflows/");
}

function isReadBy(suite: DetectedSuite, suites: readonly DetectedSuite[], mention: Place): boolean {
  return mention.kind !== "setting" && belongsTo(suite, suites, mention.file);
}

/** Whether a file belongs to the suite: under its root, not a nested one's, and in its language. */
function belongsTo(suite: DetectedSuite, suites: readonly DetectedSuite[], path: string): boolean {
  const deeper = suites.some(
    (other) => other.root !== suite.root && isUnder(suite.root, other.root) && isUnder(other.root, path),
  );
  const { language } = runnerFacts[suite.runner];
  return isUnder(suite.root, path) && !deeper && [language, "setting", null].includes(kindOf(path));
}

function place(mention: Place): string {
  return `${mention.file}:${mention.line}`;
}
