import * as z from "zod";
import { durationSeconds } from "../shared/duration.ts";
import { variableValueMistake } from "./variable-words.ts";

/** The runners that have an adapter in `suite/`. */
export const runnerNames = ["pytest", "vitest", "jest", "mocha", "node", "command"] as const;
export type RunnerName = (typeof runnerNames)[number];

const nonEmpty = z.string().min(1);
const percent = z.number().min(0).max(100);

/** See `variableValueMistake`. */
const variableWord = nonEmpty.superRefine((value, context) => {
  const message = variableValueMistake(value);
  if (message !== null) context.addIssue({ code: "custom", message });
});

const suiteShape = z.strictObject({
  /** What the reports call it. */
  name: nonEmpty,
  /** The directory its command runs in, relative to the repo's root. */
  root: nonEmpty.default("."),
  runner: z.enum(runnerNames),
  /** The shell command that runs the suite, as one would type it; workers, results and coverage are added from outside. */
  command: nonEmpty,
  /** `auto` is the number of cores this process may use. */
  workers: z.union([z.literal("auto"), z.number().int().positive()]).default("auto"),
  /**
   * `runner`: the runner itself runs its workers side by side; `processes`: several single processes of it do, each over a
   * share of the test files; `auto`: processes where the runner cannot.
   */
  parallel: z.enum(["auto", "runner", "processes"]).default("auto"),
  /** The directories (or Python packages) whose lines count, relative to `root`; empty leaves it to the runner's own configuration. */
  source: z.array(nonEmpty).default([]),
  /** `false` for a suite that needs no database. */
  database: z.boolean().default(true),
  /** For the runner `command`: globs of the JUnit XML files that it writes, relative to `root`. */
  results: z.array(nonEmpty).default([]),
  /** For the runner `command`: globs of the LCOV files that it writes, relative to `root`. */
  coverage: z.array(nonEmpty).default([]),
});

export const suiteSchema = suiteShape.superRefine((suite, context) => {
  const mistake = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
  if (suite.runner === "command") {
    if (suite.results.length === 0)
      mistake("results", 'the runner "command" needs globs of the JUnit XML files that its command writes');
    if (suite.parallel === "processes")
      mistake(
        "parallel",
        'the runner "command" has no test files that could be shared out: give it workers that lease their databases',
      );
    return;
  }
  for (const key of ["results", "coverage"] as const) {
    if (suite[key].length > 0)
      mistake(key, `only for the runner "command"; ${suite.runner} is told from outside where to write`);
  }
});

export const databaseSchema = z.strictObject({
  /** The base name; workers get NAME_gw0, NAME_gw1, …; a serial run gets NAME. */
  name: nonEmpty.default("verify_test"),
  /**
   * Variable → what it holds: a URL of that scheme, a part of the address, or a template of its parts. Or a list of names,
   * which hold a URL with `postgresql`.
   */
  variables: z
    .union([z.record(nonEmpty, variableWord), z.array(nonEmpty)])
    .default(["DATABASE_URL", "TEST_DATABASE_URL"])
    .transform((value) =>
      Array.isArray(value) ? Object.fromEntries(value.map((variable) => [variable, "postgresql"])) : value,
    ),
  /** An external server; left out, the embedded one is started. */
  url: nonEmpty.optional(),
  /** The embedded server's major version. */
  version: z.number().int().default(17),
  /** The embedded server's locale: `C.UTF-8` where it is left out; `en-US` and the like are ICU's. */
  locale: z
    .string()
    .regex(/^[A-Za-z][\w.@=;-]*$/, 'expected a locale such as "en-US" or "C.UTF-8"')
    .optional(),
  /**
   * `database`: one server, a database per worker; `server`: a server per worker, for suites that hard-code names or manage
   * databases and roles themselves; `file`: a fresh database per test file, where each file has a process of its own.
   */
  isolation: z.enum(["database", "server", "file"]).default("database"),
  /** How many connections one worker may have open at once: its pool with what it may overflow by. */
  connections: z.number().int().positive().default(20),
  /** Settings of the embedded server, beside and above ours. */
  settings: z.record(nonEmpty, z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Extensions that are created in the template, before `setup`. */
  extensions: z.array(nonEmpty).default([]),
  /** The shell command that builds the template, once. */
  setup: nonEmpty.optional(),
  /** Globs of the files that the template depends on, relative to the repo's root: while they are unchanged, it is kept. */
  inputs: z.array(nonEmpty).default([]),
  /** Where `setup` runs, relative to the repo's root; left out, the root of the first suite with a database. */
  root: nonEmpty.optional(),
});

const suiteGate = z.strictObject({
  lines: percent.optional(),
  branches: percent.optional(),
  functions: percent.optional(),
});

/** The least shares that must be covered, in percent; each is judged on the merged figures of all suites. */
export const coverageSchema = z.strictObject({
  lines: percent.default(95),
  branches: percent.optional(),
  functions: percent.optional(),
  /** Of the lines that are added against the merge base with `base`. */
  changedLines: percent.optional(),
  /** The least share of lines in every file: a number, or glob → number, of which the last that matches a file counts. */
  files: z
    .union([percent, z.record(nonEmpty, percent)])
    .transform((value) => (typeof value === "number" ? { "**": value } : value))
    .optional(),
  /** Suite → what it must cover by itself; a number is its lines. */
  suites: z
    .record(nonEmpty, z.union([percent.transform((lines) => ({ lines }) as z.output<typeof suiteGate>), suiteGate]))
    .default({}),
  /** Whether the share of lines may not fall below what is recorded of the base branch. */
  ratchet: z.boolean().default(false),
  /** Globs of the files that do not count, relative to the repo's root. */
  exclude: z.array(nonEmpty).default([]),
});

/** What a project may set: contract section 4. Everything but the suites has a default. */
export const configSchema = z.strictObject({
  /** For editors; ignored. */
  $schema: z.string().optional(),
  /** The branch that pull requests go to. */
  base: nonEmpty.default("main"),
  suites: z.array(suiteSchema).min(1),
  database: z.union([z.literal(false), databaseSchema]).prefault({}),
  coverage: coverageSchema.prefault({}),
  /** Name → shell command, run in the repo's root; one that fails fails the verification. */
  checks: z.record(nonEmpty, nonEmpty).default({}),
  /** What a test that fails in parallel and passes alone means: `fail` stops the push, `warn` lets it pass, marked. */
  races: z.enum(["fail", "warn"]).default("fail"),
  /** How long one suite may take: "90s", "30m", "2h". */
  timeout: z
    .string()
    .refine((text) => (durationSeconds(text) ?? 0) > 0, 'expected a duration such as "90s", "30m" or "2h"')
    .default("30m"),
});

export type Config = z.output<typeof configSchema>;
export type Gate = z.output<typeof coverageSchema>;
export type SuiteConfig = z.output<typeof suiteSchema>;
export type DatabaseConfig = z.output<typeof databaseSchema>;
/** What is written in a file, before defaults. */
export type ConfigFile = z.input<typeof configSchema>;
