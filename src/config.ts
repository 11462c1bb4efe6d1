import { z } from "zod";

/** The runners that have an adapter in `suite/`. */
export const runnerNames = ["pytest", "vitest"] as const;
export type RunnerName = (typeof runnerNames)[number];

const nonEmpty = z.string().min(1);
const percent = z.number().min(0).max(100);

export const suiteSchema = z.strictObject({
  /** What the reports call it. */
  name: nonEmpty,
  /** The directory its command runs in, relative to the repo's root. */
  root: nonEmpty.default("."),
  runner: z.enum(runnerNames),
  /** The shell command that runs the suite, as one would type it; workers, results and coverage are added from outside. */
  command: nonEmpty,
  /** `auto` is the number of cores this process may use. */
  workers: z.union([z.literal("auto"), z.number().int().positive()]).default("auto"),
  /** The directories (or Python packages) whose lines count, relative to `root`; empty leaves it to the runner's own configuration. */
  source: z.array(nonEmpty).default([]),
  /** `false` for a suite that needs no database. */
  database: z.boolean().default(true),
});

export const databaseSchema = z.strictObject({
  /** The base name; workers get NAME_gw0, NAME_gw1, …; a serial run gets NAME. */
  name: nonEmpty.default("verify_test"),
  /** Variable → URL scheme, or a list of names, which get `postgresql`. */
  variables: z
    .union([z.record(nonEmpty, nonEmpty), z.array(nonEmpty)])
    .default(["DATABASE_URL", "TEST_DATABASE_URL"])
    .transform((value) =>
      Array.isArray(value) ? Object.fromEntries(value.map((variable) => [variable, "postgresql"])) : value,
    ),
  /** An external server; left out, the embedded one is started. */
  url: nonEmpty.optional(),
  /** The embedded server's major version. */
  version: z.number().int().default(17),
  isolation: z.enum(["database"]).default("database"),
  /** The shell command that builds the template, once. */
  setup: nonEmpty.optional(),
  /** The globs the template depends on. */
  inputs: z.array(nonEmpty).default([]),
  /** Where `setup` runs, relative to the repo's root; left out, the root of the first suite with a database. */
  root: nonEmpty.optional(),
});

export const coverageSchema = z.strictObject({
  /** The least share of lines that must be covered, in percent. */
  lines: percent.default(95),
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
  /** How long one suite may take: "90s", "30m", "2h". */
  timeout: z
    .string()
    .refine((text) => (durationSeconds(text) ?? 0) > 0, 'expected a duration such as "90s", "30m" or "2h"')
    .default("30m"),
});

export type Config = z.output<typeof configSchema>;
export type SuiteConfig = z.output<typeof suiteSchema>;
export type DatabaseConfig = z.output<typeof databaseSchema>;
/** What is written in a file, before defaults. */
export type ConfigFile = z.input<typeof configSchema>;

const durationPattern = /^(\d+(?:\.\d+)?)(s|m|h)$/;

/** The seconds of a duration such as "90s", "30m" or "2h"; null where it is none. */
export function durationSeconds(text: string): number | null {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (amount === undefined) return null;
  return Number(amount) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"];
}
