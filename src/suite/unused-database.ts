import type { DatabaseConfig, RunnerName } from "../config.ts";
import { findMentions, kindOf, type Mention } from "../init/database-mentions.ts";
import type { ProjectFiles } from "../init/project-files.ts";
import { listed } from "../report/text.ts";

const shownPlaces = 3;

/** A suite whose tests ran, and whose workers never opened the databases they were given. */
export interface UnusedDatabase {
  readonly suite: string;
  readonly runner: RunnerName;
  readonly variables: DatabaseConfig["variables"];
}

/** What to tell about a suite that never opened its database: what it seems to use instead, and the setting that would help. */
export function unusedDatabaseNote(unused: UnusedDatabase, project: ProjectFiles): string {
  const given = Object.keys(unused.variables);
  const told = `${unused.suite} never opened the database it was given (${given.join(", ") || "PGHOST, PGDATABASE and the like"}).`;
  return [told, ...helpFor(unused, project), `A suite that needs none says so with "database": false.`].join(" ");
}

function helpFor({ runner, variables }: UnusedDatabase, project: ProjectFiles): string[] {
  const isCode = (file: string): boolean => isWrittenFor(runner, file);
  const mentions = findMentions(project).filter(({ kind, file }) => kind !== "setting" && isCode(file));
  const others = onePerVariable(mentions.filter(({ variable }) => variables[variable] === undefined));
  if (others.length > 0) {
    const shown = others.slice(0, shownPlaces);
    const setting = {
      ...variables,
      ...Object.fromEntries(shown.map((one) => [one.variable, one.scheme ?? "postgresql"])),
    };
    const places = listed(others, shownPlaces, (one) => `${one.variable} (${one.file}:${one.line})`, "variable");
    return [`It seems to read ${places.join(", ")}: set "variables": ${asJson(setting)} in "database".`];
  }
  const [fixed] = project.paths
    .filter(isCode)
    .flatMap((file) => fixedNamesIn(file, project.read(file) ?? "", mentions));
  if (fixed === undefined) return [];
  return fixed.kind === "server"
    ? [
        `${fixed.place} names a server itself: have it read ${Object.keys(variables)[0] ?? "PGHOST and PGPORT"} instead.`,
      ]
    : [
        `${fixed.place} names the database ${fixed.name} itself: set "isolation": "server" in "database", where every worker may use any name.`,
      ];
}

/** Whether a file is in the language of the runner's tests; a command may run any. */
function isWrittenFor(runner: RunnerName, file: string): boolean {
  const kind = kindOf(file);
  if (runner === "pytest") return kind === "python";
  if (runner !== "command") return kind === "javascript";
  return kind === "python" || kind === "javascript";
}

/** The first place of each variable; one with a URL beside it says the scheme too. */
function onePerVariable(mentions: readonly Mention[]): Mention[] {
  const first = new Map<string, Mention>();
  for (const mention of mentions) {
    const known = first.get(mention.variable);
    if (known === undefined || (known.scheme === null && mention.scheme !== null)) first.set(mention.variable, mention);
  }
  return [...first.values()];
}

const serverPattern = /\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s"'`{}$%]*@?[\w.-]+/;
const namePattern =
  /\b(?:dbname|database|PGDATABASE)["']?\]?\s*[=:]\s*["']([A-Za-z_][\w-]*)["']|\bdbname=([A-Za-z_][\w-]*)/;

interface FixedName {
  readonly kind: "server" | "database";
  /** Such as "tests/conftest.py:4". */
  readonly place: string;
  readonly name: string;
}

/** Where code says by itself where its data is; what stands beside a variable is only what is used without it. */
function fixedNamesIn(file: string, text: string, mentions: readonly Mention[]): FixedName[] {
  const besideVariable = new Set(
    mentions.filter((mention) => mention.file === file).flatMap(({ line }) => [line, line + 1, line + 2, line + 3]),
  );
  return text.split(/\r?\n/).flatMap((line, index): FixedName[] => {
    if (besideVariable.has(index + 1)) return [];
    const place = `${file}:${index + 1}`;
    if (serverPattern.test(line)) return [{ kind: "server", place, name: "" }];
    const named = namePattern.exec(line);
    const name = named?.[1] ?? named?.[2];
    return name === undefined ? [] : [{ kind: "database", place, name }];
  });
}

/** JSON as people write it on one line. */
function asJson(value: Readonly<Record<string, string>>): string {
  const entries = Object.entries(value).map(([name, scheme]) => `${JSON.stringify(name)}: ${JSON.stringify(scheme)}`);
  return `{ ${entries.join(", ")} }`;
}
