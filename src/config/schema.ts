import * as z from "zod";
import { durationSeconds } from "../shared/duration.ts";
import { mostWorkers, workersPercentage } from "./request.ts";
import { runnerFacts, runnerNames } from "./runner-facts.ts";
import { variableValueMistake } from "./variable-words.ts";

const nonEmpty = z.string().min(1);
const percent = z.number().min(0).max(100);

/** See `variableValueMistake`. */
const variableWord = nonEmpty.superRefine((value, context) => {
  const message = variableValueMistake(value);
  if (message !== null) context.addIssue({ code: "custom", message });
});

const tooManyWorkers = `expected at most ${mostWorkers}, as each is a process with a database of its own`;

const suiteShape = z.strictObject({
  name: nonEmpty.describe("What the reports call it."),
  root: nonEmpty.default(".").describe("The directory its command runs in, relative to the repo's root."),
  runner: z.enum(runnerNames),
  command: nonEmpty.describe(
    "The shell command that runs the suite, as one would type it; workers, results and coverage are added from outside.",
  ),
  workers: z
    .union([
      z.literal("auto"),
      z.number().int().positive().max(mostWorkers, tooManyWorkers),
      z
        .templateLiteral([z.number(), "%"], 'expected a percentage of the cores, such as "150%"')
        .refine((text) => workersPercentage.test(text), "expected from 1% to 400% of the cores"),
    ])
    .default("auto")
    .describe(
      "auto is the number of cores this process may use; a percentage is of these, such as 150% where tests wait for other programs.",
    ),
  parallel: z
    .enum(["auto", "runner", "processes"])
    .default("auto")
    .describe(
      "runner: the runner itself runs its workers side by side; processes: several single processes of it do, each over a share of the test files; auto: processes where the runner cannot.",
    ),
  source: z
    .array(nonEmpty)
    .default([])
    .describe(
      "The directories (or Python packages) whose lines count, relative to root; empty leaves it to the runner's own configuration.",
    ),
  database: z.boolean().default(true).describe("false for a suite that needs no database."),
  results: z
    .array(nonEmpty)
    .default([])
    .describe("For the runner command: globs of the JUnit XML files that it writes, relative to root."),
  coverage: z
    .array(nonEmpty)
    .default([])
    .describe("For the runner command: globs of the LCOV files that it writes, relative to root."),
  inputs: z
    .array(nonEmpty)
    .min(1)
    .optional()
    .describe(
      "For incremental: globs of all files that the suite may read, relative to the repo's root. While none of them changed, the suite does not run: its results and its coverage are reused.",
    ),
  environment: z
    .array(nonEmpty)
    .optional()
    .describe("For incremental: the names of the environment variables that the suite's results depend on."),
});

export const suiteSchema = suiteShape.superRefine((suite, context) => {
  const mistake = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
  if (!runnerFacts[suite.runner].isAdapted) {
    if (suite.results.length === 0)
      mistake("results", `the runner "${suite.runner}" needs globs of the JUnit XML files that its command writes`);
    if (suite.parallel === "processes")
      mistake(
        "parallel",
        `the runner "${suite.runner}" has no test files that could be shared out: give it workers that lease their databases`,
      );
    return;
  }
  for (const key of ["results", "coverage"] as const) {
    if (suite[key].length > 0)
      mistake(key, `only for the runner "command"; ${suite.runner} is told from outside where to write`);
  }
});

export const databaseSchema = z.strictObject({
  name: nonEmpty
    .default("verify_test")
    .describe("The base name; workers get NAME_gw0, NAME_gw1, …; a serial run gets NAME."),
  variables: z
    .union([z.record(nonEmpty, variableWord), z.array(nonEmpty)])
    .default(["DATABASE_URL", "TEST_DATABASE_URL"])
    .transform((value) =>
      Array.isArray(value) ? Object.fromEntries(value.map((variable) => [variable, "postgresql"])) : value,
    )
    .describe(
      "Variable → what it holds: a URL of that scheme, a part of the address, or a template of its parts. Or a list of names, which hold a URL with postgresql.",
    ),
  url: nonEmpty.optional().describe("An external server; left out, the embedded one is started."),
  version: z.number().int().default(17).describe("The embedded server's major version."),
  locale: z
    .string()
    .regex(/^[A-Za-z][\w.@=;-]*$/, 'expected a locale such as "en-US" or "C.UTF-8"')
    .optional()
    .describe("The embedded server's locale: C.UTF-8 where it is left out; en-US and the like are ICU's."),
  isolation: z
    .enum(["database", "server", "file"])
    .default("database")
    .describe(
      "database: one server, a database per worker; server: a server per worker, for suites that hard-code names or manage databases and roles themselves; file: a fresh database per test file, where each file has a process of its own.",
    ),
  schema: z
    .literal("reset")
    .optional()
    .describe(
      "reset: suites that make their schema before every test and drop it after keep it; only the rows go (SQLAlchemy, Sequelize, TypeORM). Left out, nothing is kept.",
    ),
  connections: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe("How many connections one worker may have open at once: its pool with what it may overflow by."),
  settings: z
    .record(nonEmpty, z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("Settings of the embedded server, beside and above ours."),
  extensions: z.array(nonEmpty).default([]).describe("Extensions that are created in the template, before setup."),
  setup: nonEmpty.optional().describe("The shell command that builds the template, once."),
  inputs: z
    .array(nonEmpty)
    .default([])
    .describe(
      "Globs of the files that the template depends on, relative to the repo's root: while they are unchanged, it is kept.",
    ),
  root: nonEmpty
    .optional()
    .describe("Where setup runs, relative to the repo's root; left out, the root of the first suite with a database."),
});

const suiteGate = z.strictObject({
  lines: percent.optional(),
  branches: percent.optional(),
  functions: percent.optional(),
});

/** Minimum coverage in percent, for the merged figures of all suites. */
export const coverageSchema = z.strictObject({
  lines: percent.default(95),
  branches: percent.optional(),
  functions: percent.optional(),
  changedLines: percent.optional().describe("Of the lines that are added against the merge base with base."),
  files: z
    .union([percent, z.record(nonEmpty, percent)])
    .transform((value) => (typeof value === "number" ? { "**": value } : value))
    .optional()
    .describe(
      "The least share of lines in every file: a number, or glob → number, of which the last that matches a file counts.",
    ),
  suites: z
    .record(nonEmpty, z.union([percent.transform((lines) => ({ lines }) as z.output<typeof suiteGate>), suiteGate]))
    .default({})
    .describe("Suite → what it must cover by itself; a number is its lines."),
  ratchet: z
    .boolean()
    .default(false)
    .describe("Whether the share of lines may not fall below what is recorded of the base branch."),
  exclude: z.array(nonEmpty).default([]).describe("Globs of the files that do not count, relative to the repo's root."),
});

/** What becomes of receipts beside being kept. */
export const receiptsSchema = z.strictObject({
  push: z
    .boolean()
    .default(false)
    .describe("Whether receipts are signed, with git's SSH key, and go to the remote beside the branch."),
});

/** What a project may configure. Everything but the suites has a default. */
export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; ignored."),
  base: nonEmpty.default("main").describe("The branch that pull requests go to."),
  suites: z.array(suiteSchema).min(1, "it is empty: name a suite, or let `npx verify init` find them"),
  database: z.union([z.literal(false), databaseSchema]).prefault({}),
  coverage: coverageSchema.prefault({}),
  checks: z
    .record(nonEmpty, nonEmpty)
    .default({})
    .describe("Name → shell command, run in the repo's root; one that fails fails the verification."),
  races: z
    .enum(["fail", "warn"])
    .default("fail")
    .describe(
      "What a test that fails in parallel and passes alone means: fail stops the push, warn lets it pass, marked.",
    ),
  receipts: receiptsSchema.prefault({}),
  incremental: z
    .boolean()
    .optional()
    .describe(
      "true: only what a change can reach runs; results and coverage of the rest are reused from earlier runs. Left out, everything runs.",
    ),
  timeout: z
    .string()
    .refine((text) => (durationSeconds(text) ?? 0) > 0, 'expected a duration such as "90s", "30m" or "2h"')
    .default("30m")
    .describe('How long one suite may take: "90s", "30m", "2h".'),
});

export type Config = z.output<typeof configSchema>;
export type Gate = z.output<typeof coverageSchema>;
export type SuiteConfig = z.output<typeof suiteSchema>;
export type DatabaseConfig = z.output<typeof databaseSchema>;
/** The configuration as written, before defaults. */
export type ConfigFile = z.input<typeof configSchema>;
