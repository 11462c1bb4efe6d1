import { type RunnerName, runnerFacts } from "../../config/runner-facts.ts";
import type { DatabaseConfig } from "../../config/schema.ts";
import { findMentions, kindOf, type Mention } from "../../project/database-mentions.ts";
import { findPartMentions } from "../../project/database-parts.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { settingsFileUrls } from "../../project/settings-file-urls.ts";
import { listed } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { fixedConnections } from "./fixed-connections.ts";

/** How many variables are named: as many as an address has parts. */
const shownPlaces = 5;

/** A suite whose tests ran, and whose workers never opened the databases they were given. */
export interface UnusedDatabase {
  readonly suite: string;
  readonly runner: RunnerName;
  readonly command: string;
  readonly variables: DatabaseConfig["variables"];
  /** Whether its workers tried to open others, so that it needs one. */
  readonly triedOthers: boolean;
  /** The text of a file of the suite's directory, whether git knows it or not; null where there is none. */
  readonly readFile: (name: string) => string | null;
  /** Whether tests failed: then it may be that it only did not get so far. */
  readonly hasFailed?: boolean;
}

/** What to tell about a suite that never opened its database: what it seems to use instead, and the setting that would help. */
export async function unusedDatabaseNote(
  unused: UnusedDatabase,
  project: ProjectFiles,
  environment: Environment,
): Promise<string> {
  const given = Object.keys(unused.variables);
  const told = `${unused.suite} never opened the database it was given (${given.join(", ") || "PGHOST, PGDATABASE and the like"}).`;
  const help = await helpFor(unused, project, environment);
  const mayNeedNone = !unused.hasFailed && !unused.triedOthers;
  const none = mayNeedNone ? [`A suite that needs none says so with "database": false.`] : [];
  return [told, ...help, ...none].join(" ");
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

/** How code has a file win over variables that are there already: python-dotenv, django-environ, dotenv. */
const letsFileWin =
  /load_dotenv\([^\n]*\boverride\s*=\s*True|read_env\([^\n]*\boverwrite\s*=\s*True|\bconfig\(\s*\{[^}]*\boverride:\s*true/;
const envFiles = [".env", ".env.test", ".env.local", ".env.test.local"];

/** The sentence for a suite that loads a file of settings over what its workers were given; null where none does. */
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

/** A variable that code reads, and what it would have to hold. */
interface ReadVariable extends Pick<Mention, "variable" | "file" | "line" | "kind"> {
  readonly value: string;
  /** Whether the value was read, too, and is not only the usual one. */
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

/** Whether a file is in the language of the runner's tests; a command may run any. */
function isWrittenFor(runner: RunnerName, file: string): boolean {
  const kind = kindOf(file);
  const { language } = runnerFacts[runner];
  return language === null ? kind === "python" || kind === "javascript" : kind === language;
}

/** The first place of each variable; one with a URL beside it says the scheme too. */
function onePerVariable(mentions: readonly ReadVariable[]): ReadVariable[] {
  const first = new Map<string, ReadVariable>();
  for (const mention of mentions) {
    const known = first.get(mention.variable);
    if (known === undefined || (!known.isSure && mention.isSure)) first.set(mention.variable, mention);
  }
  return [...first.values()];
}

/** JSON as people write it on one line. */
function asJson(value: Readonly<Record<string, string>>): string {
  const entries = Object.entries(value).map(([name, scheme]) => `${JSON.stringify(name)}: ${JSON.stringify(scheme)}`);
  return `{ ${entries.join(", ")} }`;
}
