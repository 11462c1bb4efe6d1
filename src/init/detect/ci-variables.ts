import { posix } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import { findMentions } from "../../project/database-mentions.ts";
import { findPartMentions } from "../../project/database-parts.ts";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import { entriesOf, isUnder, type ProjectFiles } from "../../project/project-files.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { withoutDatabaseVariables } from "./script-variables.ts";

/** A variable that a GitHub workflow sets for tests. */
interface CiVariable {
  readonly name: string;
  readonly value: string;
  readonly file: string;
  /** The step's directory, relative to the repository's root. */
  readonly directory: string;
}

const runsTests = /\b(test|tests|pytest|tox|nox|jest|vitest|mocha)\b|--test\b/i;
/** Variables that frameworks read themselves. */
const known = /^DJANGO_SETTINGS_MODULE$/;
/** Variables about the machine, the display or tools. */
const machine =
  /^(CI|PATH|HOME|TERM|SHELL|LANG|LC_\w+|NODE_OPTIONS|NODE_VERSION|(GITHUB|RUNNER|ACTIONS|CODECOV|COVERAGE|PYTEST|PIP|UV|POETRY|NPM|YARN|PNPM|TOX|NOX|PY|PYTHON)_\w+|PYTHON\w*|FORCE_COLOR|NO_COLOR)$/i;

/**
 * Adds variables that CI sets and a suite's own code reads, such as the name of a configuration file: without them the
 * same command may run something else. Leaves out those that lead to one database, those that differ between jobs, and
 * those that the command sets.
 */
export function withCiVariables(project: ProjectFiles, suites: readonly DetectedSuite[]): DetectedSuite[] {
  const all = withoutAddresses(project, ciVariables(project));
  return suites.map((suite) => {
    const agreed = all.filter(
      (one) =>
        all.every(({ name, value }) => name !== one.name || value === one.value) &&
        (one.directory === suite.root || !one.value.includes("/")) &&
        !new RegExp(`\\b${one.name}=`).test(suite.command) &&
        isRead(project, suite, one.name),
    );
    const variables = [...new Map(agreed.map((one) => [one.name, one])).values()];
    if (variables.length === 0) return suite;
    const words = variables.map(({ name, value }) => `${name}=${/^[\w./:@,+-]+$/.test(value) ? value : `"${value}"`} `);
    const files = [...new Set(variables.map(({ file }) => file))];
    return {
      ...suite,
      // A build step needs none of them.
      command: suite.command.replace(/^(.*&&\s*)?/, (before) => `${before}${words.join("")}`),
      notes: [`with ${variables.map(({ name }) => name).join(", ")}, as ${files.join(", ")} sets it`, ...suite.notes],
    };
  });
}

/** Drops variables that code reads as part of a database's address, under any name. */
function withoutAddresses(project: ProjectFiles, all: readonly CiVariable[]): CiVariable[] {
  if (all.length === 0) return [];
  const read = [...findMentions(project), ...findPartMentions(project)].filter(({ kind }) => kind !== "setting");
  return all.filter(({ name }) => read.every(({ variable }) => variable !== name));
}

function ciVariables(project: ProjectFiles): CiVariable[] {
  return entriesOf(project, ".github/workflows")
    .filter((name) => /\.ya?ml$/.test(name))
    .flatMap((name) => {
      const file = `.github/workflows/${name}`;
      const workflow = recordOf(parseYaml(project.read(file) ?? ""));
      return Object.values(recordOf(workflow.jobs)).flatMap((written) => {
        const job = recordOf(written);
        return (Array.isArray(job.steps) ? job.steps : []).flatMap((one): CiVariable[] => {
          const step = recordOf(one);
          if (typeof step.run !== "string" || !runsTests.test(step.run)) return [];
          const place = step["working-directory"];
          const directory = typeof place === "string" ? posix.join(".", place).replace(/\/$/, "") : ".";
          const set = { ...recordOf(workflow.env), ...recordOf(job.env), ...recordOf(step.env) };
          return Object.entries(set).flatMap(([variable, value]) =>
            isCopied(variable, String(value)) ? [{ name: variable, value: String(value), file, directory }] : [],
          );
        });
      });
    });
}

function isCopied(name: string, value: string): boolean {
  const isPlain = /^[\w ./:@,+-]+$/.test(value) && !value.includes("://");
  return isPlain && !machine.test(name) && withoutDatabaseVariables(`${name}=x`).dropped.length === 0;
}

/** Whether the suite's own code reads the variable from the environment. */
function isRead(project: ProjectFiles, { root, runner }: DetectedSuite, name: string): boolean {
  const isPython = runnerFacts[runner].language === "python";
  if (known.test(name)) return isPython;
  const written = new RegExp(isPython ? `["']${name}["']` : `\\benv\\??\\.${name}\\b|["'\`]${name}["'\`]`);
  const field = new RegExp(`^\\s+${name}\\s*:\\s*\\w`, "im");
  return project.paths.some((path) => {
    if (!isUnder(root, path) || (isPython ? !path.endsWith(".py") : !/\.[cm]?[jt]sx?$/.test(path))) return false;
    const text = project.read(path) ?? "";
    if (written.test(text)) return /environ|getenv|\benv\b|\bconfig\(/.test(text);
    return isPython && text.includes("BaseSettings") && field.test(text);
  });
}
