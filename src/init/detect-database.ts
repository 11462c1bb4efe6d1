import { findMentions, kindOf, type Mention } from "./database-mentions.ts";
import { postgresSign, usesSqlAlchemyWith } from "./database-signs.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { isUnder, type ProjectFiles } from "./project-files.ts";

/** What the suites need of a database, and where that was read. */
export interface DetectedDatabase {
  /** The suites that use Postgres; where there is none, nothing else matters. */
  readonly suites: ReadonlySet<DetectedSuite>;
  /** The base name, where a test's URL names one. */
  readonly name: string | undefined;
  /** Variable → URL scheme; empty where none was found. */
  readonly variables: Readonly<Record<string, string>>;
  /** One line each. */
  readonly notes: readonly string[];
}

/** Which suites use Postgres, and through which environment variables. */
export function detectDatabase(project: ProjectFiles, suites: readonly DetectedSuite[]): DetectedDatabase {
  const mentions = findMentions(project);
  const users = new Map<DetectedSuite, string>();
  for (const suite of suites) {
    const reading = mentions.find((mention) => isReadBy(suite, suites, mention));
    const sign = postgresSign(project, suite, (path) => belongsTo(suite, suites, path));
    if (sign !== null) users.set(suite, sign);
    else if (reading !== undefined && reading.scheme !== null) users.set(suite, place(reading));
  }
  const relevant = mentions.filter((mention) => [...users.keys()].some((suite) => isReadBy(suite, suites, mention)));
  const settings = mentions.filter((mention) => mention.kind === "setting");
  const chosen = users.size === 0 ? [] : relevant.length > 0 ? relevant : settings;
  const names = [...new Set(chosen.map((mention) => mention.variable))];
  const variables = names.map((variable) =>
    describeVariable(
      project,
      variable,
      byWeight([...chosen, ...settings].filter((one) => one.variable === variable)),
      users,
    ),
  );
  const named = byWeight([...chosen, ...settings]).find((mention) => mention.database?.includes("test"));
  return {
    suites: new Set(users.keys()),
    name: named?.database ?? undefined,
    variables: Object.fromEntries(variables.map(({ variable, scheme }) => [variable, scheme])),
    notes: [
      ...variables.map(({ note }) => note),
      ...(named === undefined ? [] : [`${named.database}, the base name, read in ${place(named)}`]),
      ...(users.size > 0 && names.length === 0
        ? [
            `no variable for its URL found (${[...users.values()].join(", ")}): the workers get DATABASE_URL and TEST_DATABASE_URL`,
          ]
        : []),
    ],
  };
}

function describeVariable(
  project: ProjectFiles,
  variable: string,
  mentions: readonly Mention[],
  users: ReadonlyMap<DetectedSuite, string>,
): { variable: string; scheme: string; note: string } {
  const first = mentions[0];
  const withScheme = mentions.find((mention) => mention.scheme !== null);
  const pythonUser = [...users.keys()].find((suite) => suite.runner === "pytest");
  const isPython = mentions.some((mention) => mention.kind === "python");
  const driver = pythonUser && isPython ? usesSqlAlchemyWith(project, pythonUser) : null;
  const scheme = withScheme?.scheme ?? (driver === null ? "postgresql" : `postgresql+${driver}`);
  const source = withScheme === undefined && driver !== null ? `, its driver ${driver} from the dependencies` : "";
  return {
    variable,
    scheme,
    note: `${variable} (${scheme}), read in ${first ? place(first) : "the project"}${source}`,
  };
}

/** Tests before sources before settings; with a URL before without one. */
function byWeight(mentions: readonly Mention[]): Mention[] {
  const weight = (mention: Mention): number =>
    (mention.isTest ? 0 : mention.kind === "setting" ? 4 : 2) + (mention.scheme === null ? 1 : 0);
  return mentions.toSorted((left, right) => weight(left) - weight(right));
}

function isReadBy(suite: DetectedSuite, suites: readonly DetectedSuite[], mention: Mention): boolean {
  return mention.kind !== "setting" && belongsTo(suite, suites, mention.file);
}

/** Whether a file is the suite's: under its root, not under a deeper one's, and in its language. */
function belongsTo(suite: DetectedSuite, suites: readonly DetectedSuite[], path: string): boolean {
  const deeper = suites.some(
    (other) => other.root !== suite.root && isUnder(suite.root, other.root) && isUnder(other.root, path),
  );
  const language = suite.runner === "pytest" ? "python" : "javascript";
  return isUnder(suite.root, path) && !deeper && [language, "setting", null].includes(kindOf(path));
}

function place(mention: Mention): string {
  return `${mention.file}:${mention.line}`;
}
