import { type RunnerName, runnerFacts } from "../../config/runner-facts.ts";
import type { DatabaseConfig } from "../../config/schema.ts";
import { findMentions, kindOf, type Mention } from "../../project/database-mentions.ts";
import { findPartMentions } from "../../project/database-parts.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { settingsFileUrls } from "../../project/settings-file-urls.ts";
import { listed } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { fixedConnections } from "./fixed-connections.ts";

/** At most so many variables are named: as many as an address has parts. */
const shownPlaces = 5;

/** A suite that ran tests without opening the databases that its workers were given. */
export interface UnusedDatabase {
  readonly suite: string;
  readonly runner: RunnerName;
  readonly command: string;
  readonly variables: DatabaseConfig["variables"];
  /** Whether its workers tried to open other databases, which shows that it needs one. */
  readonly triedOthers: boolean;
  /** Reads a file of the suite's directory, tracked or not; null where there is none. */
  readonly readFile: (name: string) => string | null;
  /** Whether tests failed: the suite may have failed before it got to the database. */
  readonly hasFailed?: boolean;
}

/** Explains that a suite never opened its database: what it seems to use instead, and which setting would fix it. */
export async function unusedDatabaseNote(
  unused: UnusedDatabase,
  project: ProjectFiles,
  environment: Environment,
): Promise<string> {
  const given = Object.keys(unused.variables);
  const finding = `${unused.suite} never opened the database it was given (${given.join(", ") || "PGHOST, PGDATABASE and the like"}).`;
  const help = await helpFor(unused, project, environment);
  const mayNeedNone = !unused.hasFailed && !unused.triedOthers;
  const none = mayNeedNone ? [`A suite that needs none says so with "database": false.`] : [];
  return [finding, ...help, ...none].join(" ");
}

async function helpFor(
  { runner, command, variables, readFile }: UnusedDatabase,
  project: ProjectFiles,
  environment: Environment,
): Promise<string[]> {
  const isCode = (file: string): boolean => isWrittenFor(runner, file);
  const overriding = overridingEnvFile(project, isCode, Object.keys(variables), readFile);
  if (overriding !== null) return [overriding];
  const others = readVariables(project).filter(
    ({ variable, kind, file }) => kind !== "setting" && isCode(file) && variables[variable] === undefined,
  );
  if (others.length > 0) {
    const shown = onePerVariable(others);
    const setting = {
      ...variables,
      ...Object.fromEntries(shown.slice(0, shownPlaces).map((one) => [one.variable, one.value])),
    };
    const places = listed(shown, shownPlaces, (one) => `${one.variable} (${one.file}:${one.line})`, "variable");
    return [`It seems to read ${places.join(", ")}: set "variables": ${asJson(setting)} in "database".`];
  }
  const code = project.paths.filter(isCode).map((file) => [file, project.read(file) ?? ""] as const);
  const [fixed] = await fixedConnections(new Map(code), environment);
  const instead = Object.keys(variables)[0] ?? "PGHOST and PGPORT";
  if (fixed === undefined) {
    const [named] = settingsFileUrls(project, [command]);
    if (named === undefined) return [];
    return [`${named.file}:${named.line} names a server itself: have what reads it take ${instead} instead.`];
  }
  const place = `${fixed.file}:${fixed.line}`;
  return fixed.kind === "server"
    ? [`${place} names a server itself: have it read ${instead} instead.`]
    : [
        `${place} names the database ${fixed.name} itself: set "isolation": "server" in "database", where every worker may use any name.`,
      ];
}

/** How code makes an env file override variables that are already set: python-dotenv, django-environ, dotenv. */
const letsFileWin =
  /load_dotenv\([^\n]*\boverride\s*=\s*True|read_env\([^\n]*\boverwrite\s*=\s*True|\bconfig\(\s*\{[^}]*\boverride:\s*true/;
const envFiles = [".env", ".env.test", ".env.local", ".env.test.local"];

/** A sentence about an env file that overrides the variables that workers were given; null where there is none. */
function overridingEnvFile(
  project: ProjectFiles,
  isCode: (file: string) => boolean,
  given: readonly string[],
  readFile: UnusedDatabase["readFile"],
): string | null {
  const code = project.paths.filter(isCode).find((file) => letsFileWin.test(project.read(file) ?? ""));
  if (code === undefined) return null;
  for (const file of envFiles) {
    const text = readFile(file) ?? "";
    const variable = given.find((name) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`, "m").test(text));
    if (variable !== undefined)
      return `${code} lets ${file} win over ${variable}, which names the worker's database: load the file without overriding what is set.`;
  }
  return null;
}

/** A variable that code reads, and the value that it expects. */
interface ReadVariable extends Pick<Mention, "variable" | "file" | "line" | "kind"> {
  readonly value: string;
  /** Whether code was seen to use the value, not only to read the usual name. */
  readonly isSure: boolean;
}

function readVariables(project: ProjectFiles): ReadVariable[] {
  return [
    ...findMentions(project).map((mention) => ({
      ...mention,
      value: mention.scheme ?? "postgresql",
      isSure: mention.scheme !== null,
    })),
    ...findPartMentions(project).map((mention) => ({ ...mention, value: mention.part, isSure: true })),
  ];
}

/** Whether a file is in the language of the runner's tests; a command may run any language. */
function isWrittenFor(runner: RunnerName, file: string): boolean {
  const kind = kindOf(file);
  const { language } = runnerFacts[runner];
  return language === null ? kind === "python" || kind === "javascript" : kind === language;
}

/** The first place of each variable; a place with a URL next to it also gives the scheme. */
function onePerVariable(mentions: readonly ReadVariable[]): ReadVariable[] {
  const first = new Map<string, ReadVariable>();
  for (const mention of mentions) {
    const known = first.get(mention.variable);
    if (known === undefined || (!known.isSure && mention.isSure)) first.set(mention.variable, mention);
  }
  return [...first.values()];
}

/** JSON on one line, as people write it. */
function asJson(value: Readonly<Record<string, string>>): string {
  const entries = Object.entries(value).map(([name, scheme]) => `${JSON.stringify(name)}: ${JSON.stringify(scheme)}`);
  return `{ ${entries.join(", ")} }`;
}
