import type { RunnerName } from "../../config/runner-facts.ts";
import { coverageProgram } from "../../project/coverage-program.ts";
import type { PackageFile } from "../../project/package-file.ts";
import { isUnder, type ProjectFiles, within } from "../../project/project-files.ts";
import { stepHandsOn } from "../../suite/plan/hand-on.ts";
import { droppedNotes, withoutDatabaseVariables } from "./script-variables.ts";

/** The runners that scripts may start. */
export type ScriptRunner = "jest" | "mocha" | "node" | "vitest";

const started: Readonly<Record<ScriptRunner, RegExp>> = {
  jest: /(^|[\s/])jest(?=\s|$)|\/bin\/jest\.js(?=\s|$)/,
  mocha: /(^|[\s/])_?mocha(?=\s|$)|\/bin\/_?mocha\.js(?=\s|$)/,
  node: /(^|\s)node\b[^&|;]*\s--test(?=\s|$)/,
  vitest: /(^|[\s/])vitest(?=\s|$)(?!\s+(bench|related|list|init|typecheck)\b)/,
};

const caller =
  /^((?:\S+=\S*\s+|cross-env\s+)*)(?:npx|bunx|(?:pnpm|yarn|bun)\s+(?:exec|x)|(?:pnpm|yarn)(?=\s+(?:jest|mocha|vitest)\b))\s+/;
/** Flags that we add ourselves, or that keep a run from ending. */
const dropped =
  /\s(?:--watch(?:All)?|-w(?!\s*\d)|--coverage|--collectCoverage|--passWithNoTests|--experimental-test-coverage)(?=\s|$)/g;
const droppedOfVitest =
  /\s(?:--watch|-w|--ui|--coverage(?:\.\S+)?|--run|--passWithNoTests|--pass-with-no-tests)(?=\s|$)/g;

/** A command from a script. */
export interface ScriptCommand {
  readonly text: string;
  /** Notes, one line each. */
  readonly notes: readonly string[];
  /** The script's name. */
  readonly script: string;
  /** The call of c8 or nyc in front of it, with flags; empty without one. */
  readonly measuring: string;
}

/** Linters and similar, which every process of the suite would run again. */
const testsNothing =
  /^(?:(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:-s\s+)?(?:[\w-]+:)*(?:check[:-])?(?:lint|format|fmt|audit|prettier|eslint|type-?check|types|style|spell(?:check)?)(?:[:-][\w:-]+)?$|(?:npx\s+)?(?:eslint|prettier|biome|tslint|oxlint|standard|xo|cspell|knip|publint|attw|tsd|tstyche|echo)\b|(?:npx\s+)?tsc\b.*--noEmit\b)/;

/** Steps that report coverage after a run. */
const reportsCoverage =
  /^(?:npx\s+)?(?:(?:c8|nyc)\s+(?:report|check-coverage)\b|codecov\b|coveralls\b)|^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:[\w-]+:)*(?:coverage|report|codecov|coveralls)\b/;

/** Scripts that run all tests, plainest first, then those for parts, used where there is none of the former. */
const mainScripts = ["test", "test:all", "tests"];
const partScripts = ["test:unit", "test:integration", "unit", "integration"];

/** The first of `scriptCommands`; null where there is none. */
export function scriptCommand(file: PackageFile, runner: ScriptRunner): ScriptCommand | null {
  return scriptCommands(file, runner)[0] ?? null;
}

/**
 * The commands with which a package's test script starts a runner, without the package manager, resolving called
 * scripts: one for each start; where no script runs everything, those of each partial script. Steps before, such as a
 * build, are kept. Empty where it starts another runner or delegates to packages.
 * starts another runner, or delegates to packages.
 */
export function scriptCommands(file: PackageFile, runner: ScriptRunner): ScriptCommand[] {
  const main = mainScripts.find((script) => runsIn(file, script, runner));
  // Without a script for all, each partial one is used.
  const scripts = main === undefined ? partScripts.filter((script) => runsIn(file, script, runner)) : [main];
  const all = scripts.flatMap((script) => commandsOf(file, script, runner));
  return [...new Map(all.map((command) => [command.text, command])).values()];
}

function runsIn(file: PackageFile, script: string, runner: ScriptRunner): boolean {
  return stepsOf(file, script).some((step) => starts(step, runner));
}

function commandsOf(file: PackageFile, script: string, runner: ScriptRunner): ScriptCommand[] {
  const steps = stepsOf(file, script);
  const first = steps.findIndex((step) => starts(step, runner));
  const handedOn = steps.filter(stepHandsOn);
  const isOther = (step: string): boolean => handedOn.includes(step) || runners.some((other) => starts(step, other));
  const untested = steps.slice(0, first).filter((step) => testsNothing.test(step));
  const before = steps.slice(0, first).filter((step) => !isOther(step) && !untested.includes(step));
  // Steps after the runner would not run, so a note says so.
  const behind = steps.slice(first).filter((step) => !isOther(step));
  const checkable = [...untested, ...behind.filter((step) => testsNothing.test(step))];
  const unknown = behind.filter((step) => !testsNothing.test(step) && !isIdle(step));
  const left = [
    ...handedOn.map((step) => `without \`${step}\`: the packages are suites of their own`),
    ...checkable
      .filter((step) => !isIdle(step))
      .map((step) => `without \`${step}\`, which is no test: "checks" may run it`),
    ...unknown.map(
      (step) => `without \`${step}\`, which the script runs as well: name it in "checks", or as a suite of its own`,
    ),
  ];
  const runs = [...new Set(steps.filter((step) => starts(step, runner)))];
  return runs
    .map((step) => commandOf(step, before, runner, script))
    .map((run) => ({ ...run, notes: [...run.notes, ...left] }));
}

/** Whether a step neither tests nor checks anything. */
function isIdle(step: string): boolean {
  return /^(?:echo|exit|true|:|rimraf|rm|sleep)(?=\s|$)/.test(step) || reportsCoverage.test(step);
}

/** Whether a package's test script only starts those of nested packages. */
export function onlyDelegates(project: ProjectFiles, root: string, file: PackageFile): boolean {
  const own = within(root, "package.json");
  const hasPackages = project.paths.some(
    (path) => path.endsWith("/package.json") && path !== own && isUnder(root, path),
  );
  return hasPackages && stepsOf(file, "test").some(stepHandsOn);
}

const runners = Object.keys(started) as ScriptRunner[];

/** Whether a script of package.json may start a runner. */
export function isScriptRunner(runner: RunnerName): runner is ScriptRunner {
  return runner in started;
}

/** Whether a step starts a runner, and no other one. */
function starts(step: string, runner: ScriptRunner): boolean {
  const plain = step.replace(coverageProgram, "$1").replace(caller, "$1");
  const others = runners.filter((other) => other !== runner && other !== "node");
  return started[runner].test(plain) && !/[;|]/.test(plain) && !others.some((other) => started[other].test(plain));
}

function commandOf(step: string, before: readonly string[], runner: ScriptRunner, script: string): ScriptCommand {
  // A workspace may install it elsewhere, and it is on PATH.
  const plain = step
    .replace(coverageProgram, "$1")
    .replace(/^((?:\S+=\S*\s+|cross-env\s+)*)(?:\.{0,2}\/)*node_modules\/\.bin\/(?=\w)/, "$1");
  const direct = (asRun[runner] ?? plainRun)(plain);
  const { text, dropped: variables } = withoutDatabaseVariables([...before, direct].join(" && "));
  const measuring = coverageProgram.exec(step)?.[0] ?? "";
  const notes = [
    ...(text === "vitest run" ? [] : [`runs what the script "${script}" of package.json runs`]),
    ...(measuring === "" ? [] : ["without c8 or nyc, as coverage is measured from outside"]),
    ...droppedNotes(variables),
  ];
  return { text, notes, script, measuring };
}

/** The steps of runners that watch for changes unless an option says that the run ends. */
const asRun: Readonly<Partial<Record<ScriptRunner, (step: string) => string>>> = { vitest: runOfVitest };

function plainRun(step: string): string {
  return step.replace(/^(?:npx|bunx|(?:pnpm|yarn)(?:\s+exec)?)\s+/, "").replace(dropped, "");
}

/** As a run that ends, whatever arguments follow. */
function runOfVitest(step: string): string {
  const called = step.replace(caller, "$1");
  const [, before = "", flags = ""] =
    /^(.*?(?:^|[\s/]))vitest(?:\s+(?:run|watch|dev))?(?=\s|$)(.*)$/.exec(called) ?? [];
  return `${before}vitest run${flags.replace(droppedOfVitest, "")}`.trimEnd();
}

/** The steps of a script; called scripts are inlined where they start a runner. */
function stepsOf({ scripts = {} }: PackageFile, name: string, seen: readonly string[] = []): string[] {
  const written = scripts[name];
  if (typeof written !== "string" || seen.includes(name)) return [];
  const inner = [...seen, name];
  return [...buildBefore(scripts, name), ...written.trim().split(/\s*&&\s*/)].flatMap((step) => {
    const [, variables = "", call = step] = /^((?:cross-env\s+)?(?:[A-Za-z_]\w*=\S*\s+)+)(.*)$/.exec(step) ?? [];
    const called = calledScripts(call, Object.keys(scripts))
      .flatMap((script) => stepsOf({ scripts }, script, inner))
      .map((one) => `${variables}${one}`);
    return called.some((one) => runners.some((runner) => starts(one, runner)) || stepHandsOn(one)) ? called : [step];
  });
}

/** The build in `pretest`, which npm runs before `test` but our command would not. */
function buildBefore(scripts: Readonly<Record<string, string>>, name: string): string[] {
  const before = scripts[`pre${name}`];
  const builds = /\b(build|tsc|compile|codegen|generate|babel|swc|esbuild|rollup|webpack)\b/;
  return typeof before === "string" && builds.test(before) && !/[;|]/.test(before)
    ? before.trim().split(/\s*&&\s*/)
    : [];
}

/** Scripts of the same package that a step starts. */
function calledScripts(step: string, names: readonly string[]): string[] {
  const one = /^(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:-s\s+|--silent\s+)?([\w:.-]+)$/.exec(step)?.[1];
  if (one !== undefined) return [one === "t" ? "test" : one];
  const several = /^(?:run-s|run-p|npm-run-all2?)\s+(.*)$/.exec(step)?.[1];
  return (several ?? "").split(/\s+/).flatMap((word) => {
    const prefix = /^([\w:.-]+:)\*{1,2}$/.exec(word)?.[1];
    return prefix === undefined
      ? names.filter((name) => name === word)
      : names.filter((name) => name.startsWith(prefix));
  });
}
