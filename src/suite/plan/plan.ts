import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import type { VerifyOptions, WorkerCount } from "../../config/request.ts";
import { runnerFacts } from "../../config/runner-facts.ts";
import type { Config, DatabaseConfig, Gate, SuiteConfig } from "../../config/schema.ts";
import type { Shard } from "../../config/shard.ts";
import { existingSourcePlaces } from "../../coverage/files/source-places.ts";
import type { WorkerId } from "../../database/provision.ts";
import { durationSeconds } from "../../shared/duration.ts";
import { RequestError } from "../../shared/errors.ts";
import { plural } from "../../shared/text.ts";
import type { ReplayOrder } from "../races/replay-order.ts";
import { runnerOf } from "../runners/all.ts";
import { usableWorkers } from "../schedule/worker-count.ts";
import { isOwn } from "../shards/deal.ts";
import { refuseHandingOn } from "./hand-on.ts";
import { allowsNarrowing, narrowingsOfCommand, refuseNarrowing } from "./narrowing.ts";
import { requireGlobWithin, requireWithin } from "./within-checkout.ts";

/** What will run, and the gate that applies. */
export interface Plan {
  readonly suites: readonly PlannedSuite[];
  /** The coverage gate. */
  readonly gate: Gate;
  /**
   * Why a pass of this plan proves less than the configuration asks for, a phrase each; empty where it proves
   * everything.
   */
  readonly weaker: readonly string[];
  /** Whether options change what is checked, so that no existing receipt applies. */
  readonly special: boolean;
}

export interface PlannedSuite {
  readonly suite: SuiteConfig;
  /** The absolute directory its command runs in. */
  readonly directory: string;
  readonly workers: readonly WorkerId[];
  readonly usesDatabase: boolean;
  /** The databases to prepare: one per worker, and one spare per worker where every test file leases one. */
  readonly databases: readonly WorkerId[];
  /** Whether processes lease a database instead of being given one. */
  readonly leases: boolean;
  /** Whether a returned database is recreated before it is leased again. */
  readonly renewsLeases: boolean;
  /** Whether the runner manages the workers itself, or each worker is a process with a share of the test files. */
  readonly parallel: "runner" | "processes";
  /**
   * Why separate processes are used although the configuration does not say so: a phrase that follows "because";
   * otherwise null.
   */
  readonly whyProcesses: string | null;
  readonly timeoutSeconds: number;
  /** Set where only one shard of the files runs; `turn` is the suite's number among all, from 0. */
  readonly shard?: Shard & { readonly turn: number };
  /** Set where only some tests run, on one worker and in this order. */
  readonly replay?: Pick<ReplayOrder, "tests" | "worker">;
}

/** Makes the plan for a checkout with that absolute root. Throws RequestError for unknown suites. */
export function makePlan(config: Config, options: VerifyOptions, checkoutRoot: string): Plan {
  const selected = selectSuites(config, options.suites);
  const suites = selected.flatMap((suite, turn) => {
    const planned = planSuite(config, suite, options, checkoutRoot);
    if (options.shard === undefined) return [planned];
    refuseLostBranches(suite, config.coverage);
    // What a command runs cannot be divided, so one shard runs all of it.
    if (!runnerFacts[suite.runner].isAdapted) return isOwn(options.shard, turn) ? [planned] : [];
    return [{ ...planned, shard: { ...options.shard, turn } }];
  });
  requireKnownSuites(config);
  if (config.database !== false) requireDatabaseWithin(config.database, checkoutRoot);
  const gate = { ...config.coverage, lines: options.coverage ?? config.coverage.lines };
  const weaker: string[] = [];
  if (selected.length < config.suites.length) weaker.push("only some suites ran (--suite)");
  if (gate.lines < config.coverage.lines) weaker.push(`the gate was lowered to ${gate.lines} % (--coverage)`);
  if (options.arguments.length > 0) weaker.push(`arguments were added (${options.arguments.join(" ")})`);
  const special = weaker.length > 0 || options.coverage !== undefined || options.timeoutSeconds !== undefined;
  return { suites, gate, weaker, special };
}

/** Throws RequestError where a gate needs figures of a suite that shards cannot add up. */
function refuseLostBranches({ name, runner }: SuiteConfig, { branches, functions }: Gate): void {
  const needed = [...(branches === undefined ? [] : ["branches"]), ...(functions === undefined ? [] : ["functions"])];
  if (needed.length === 0 || !runnerFacts[runner].branchesDependOnRun) return;
  throw new RequestError(
    `${name} cannot be divided into shards while "coverage" has a gate for ${needed.join(" and ")}: V8, which measures ${runner}, counts them by what ran, so shards add up in lines only.`,
  );
}

/** Throws RequestError where the template would be built from files outside of the commit. */
function requireDatabaseWithin({ root, inputs }: DatabaseConfig, checkoutRoot: string): void {
  if (root !== undefined) requireWithin(checkoutRoot, join(checkoutRoot, root), `"database.root" ("${root}")`);
  for (const glob of inputs) requireGlobWithin(checkoutRoot, checkoutRoot, glob, `"${glob}" in "database.inputs"`);
}

/** A gate for an unknown suite would never fail. */
function requireKnownSuites({ suites, coverage }: Config): void {
  const known = suites.map(({ name }) => name);
  const unknown = Object.keys(coverage.suites).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RequestError(
    `"coverage.suites" names "${unknown}", which is no suite: did you mean "${closest(unknown, known)}"?`,
  );
}

function selectSuites(config: Config, names: readonly string[]): SuiteConfig[] {
  const known = config.suites.map((suite) => suite.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RequestError(
      `There is no suite "${unknown}": did you mean "${closest(unknown, known)}"? Configured: ${known.join(", ")}.`,
    );
  }
  return config.suites.filter((suite) => names.length === 0 || names.includes(suite.name));
}

function planSuite(config: Config, suite: SuiteConfig, options: VerifyOptions, checkoutRoot: string): PlannedSuite {
  const directory = join(checkoutRoot, suite.root);
  requireWithin(checkoutRoot, directory, `The root "${suite.root}" of suite "${suite.name}"`);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new RequestError(`The root "${suite.root}" of suite "${suite.name}" is not a directory of this commit.`);
  }
  if (!allowsNarrowing(options.arguments)) refuseNarrowing(suite, narrowingsOfCommand(suite, directory));
  refuseHandingOn(suite, directory);
  for (const source of suite.source) requireSource(suite, source, directory, checkoutRoot);
  for (const key of ["results", "coverage"] as const) {
    for (const glob of suite[key]) {
      requireGlobWithin(checkoutRoot, directory, glob, `"${glob}" in "${key}" of suite "${suite.name}"`);
    }
  }
  const usesDatabase = config.database !== false && suite.database;
  const timeoutSeconds = options.timeoutSeconds ?? durationSeconds(config.timeout) ?? Number.POSITIVE_INFINITY;
  const workers = workerIds(countWorkers(suite, directory, options));
  const leases = config.database !== false && suite.database && leasesDatabases(suite, config.database);
  const isByFile = config.database !== false && config.database.isolation === "file";
  const spares = isByFile && runnerFacts[suite.runner].isAdapted;
  const databases = usesDatabase ? databasesOf(workers, leases && spares) : [];
  const renewsLeases = leases && (isByFile || runnerOf(suite).leasing !== "always");
  const whyProcesses = workers.length > 1 && suite.parallel === "auto" ? whyOwnProcesses(suite, directory) : null;
  const processes = workers.length > 1 && (suite.parallel === "processes" || whyProcesses !== null);
  return {
    suite,
    directory,
    workers,
    usesDatabase,
    databases,
    leases,
    renewsLeases,
    parallel: processes ? "processes" : "runner",
    whyProcesses,
    timeoutSeconds,
  };
}

function whyOwnProcesses(suite: SuiteConfig, directory: string): string | null {
  return runnerOf(suite).whyProcesses(suite, directory);
}

/** Whether processes of the suite lease their database. Throws RequestError where they should but cannot. */
function leasesDatabases(suite: SuiteConfig, { isolation }: DatabaseConfig): boolean {
  const { leasing } = runnerOf(suite);
  if (leasing === "always") return true;
  if (isolation !== "file") return leasing === "as configured" && suite.workers !== "auto" && suite.workers !== 1;
  if (leasing !== "never") return true;
  throw new RequestError(
    `database.isolation "file" needs a runner with a process per file; suite "${suite.name}" runs ${suite.runner}, where a worker runs many: use "database" or "server".`,
  );
}

/** For a command, the number of workers limits how many of its processes run side by side, so it has no spares. */
function databasesOf(workers: readonly WorkerId[], spares: boolean): readonly WorkerId[] {
  if (!spares) return workers;
  return Array.from({ length: 2 * workers.length }, (_, index): WorkerId => `gw${index}`);
}

/** A missing source would silently drop its lines from the gate. */
function requireSource(suite: SuiteConfig, source: string, directory: string, checkoutRoot: string): void {
  const places = existingSourcePlaces(directory, source);
  for (const path of places) requireWithin(checkoutRoot, path, `The source "${source}" of suite "${suite.name}"`);
  if (places.length > 0) return;
  throw new RequestError(
    `The source "${source}" of suite "${suite.name}" is neither a directory nor a package in ${suite.root === "." ? "the repo's root" : suite.root}.`,
  );
}

/** From the option, then the user's own command, then the configuration, then the number of usable cores. */
function countWorkers(suite: SuiteConfig, directory: string, options: VerifyOptions): number {
  if (options.serial) return 1;
  // A command is one process unless its configuration says that it leases databases: an option does not change what it does.
  if (!runnerFacts[suite.runner].isAdapted && (suite.workers === "auto" || suite.workers === 1)) return 1;
  if (typeof options.workers === "number") return options.workers;
  const asked = runnerOf(suite).workersAskedFor(suite.command, directory);
  // A worker count in the command applies to one runner process, so it is ignored where there are several.
  const isMeant = asked !== null && !(asked === 1 && suite.parallel === "processes");
  if (isMeant && options.workers === undefined) return asked;
  const count = options.workers ?? suite.workers;
  return typeof count === "number" ? count : usableWorkers({ percent: percentOf(count) }).count;
}

function percentOf(count: Exclude<WorkerCount, number>): number {
  return count === "auto" ? 100 : Number.parseInt(count, 10);
}

function workerIds(count: number): WorkerId[] {
  return count === 1 ? ["master"] : Array.from({ length: count }, (_, index): WorkerId => `gw${index}`);
}

/** For the display: "backend with 2 workers, frontend serially; the gate is 95 % of lines, 90 % of changed lines". */
export function describePlan({ suites, gate }: Plan): string {
  const described = suites.map(({ suite, workers, parallel }) =>
    workers.length === 1
      ? `${suite.name} serially`
      : `${suite.name} with ${plural(workers.length, parallel === "processes" ? "process" : "worker", parallel === "processes" ? "processes" : "workers")}`,
  );
  return `${described.join(", ")}; the gate is ${gateText(gate)}`;
}

function gateText({ lines, branches, functions, changedLines, ratchet }: Gate): string {
  const shares: readonly (readonly [number | undefined, string])[] = [
    [lines, "lines"],
    [branches, "branches"],
    [functions, "functions"],
    [changedLines, "changed lines"],
  ];
  const asked = shares.filter(([share]) => share !== undefined).map(([share, of]) => `${share} % of ${of}`);
  return [...asked, ...(ratchet ? ["no drop below the base"] : [])].join(", ");
}
