import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect } from "vitest";
import { runCommandLine } from "../../src/cli.ts";
import type { Summary } from "../../src/model/summary.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import type { Environment, World } from "../../src/shared/world.ts";
import { pythonEnvironment } from "./python.ts";
import { type AtEnd, type Files, gitEnvironment, makeRepository, type Repository } from "./repository.ts";
import { type Ran, runShell, suiteEnvironment } from "./run.ts";
import { captureWorld } from "./world.ts";

/** What a command printed and gave back. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** The environment of a user whose Python has what the ledger needs. */
export async function userEnvironment(more: Environment = {}): Promise<Environment> {
  const { bin } = await pythonEnvironment();
  const environment = suiteEnvironment({ ...identity(), ...more });
  return {
    ...environment,
    PATH: [bin, environment.PATH].join(delimiter),
    VERIFY_DATABASE_URL: undefined,
    CI: undefined,
  };
}

function identity(): Environment {
  return Object.fromEntries(Object.entries(gitEnvironment()).filter(([name]) => name.startsWith("GIT_")));
}

/** Runs a command line of the program inside the test's process, in a directory. */
export async function runIn(
  directory: string,
  words: readonly string[],
  options: { environment?: Environment; input?: string; onStart?: (interrupt: () => void) => void } & Pick<
    World,
    "now" | "random"
  > = {},
): Promise<Outcome> {
  const environment = options.environment ?? (await userEnvironment());
  const { now, random } = options;
  const captured = captureWorld({
    directory,
    environment,
    input: options.input ?? "",
    ...(now && { now }),
    ...(random && { random }),
  });
  const running = runCommandLine(words, captured.world);
  options.onStart?.(captured.interrupt);
  const code = await running;
  return { code, output: captured.output(), errors: captured.errors() };
}

/** Expects a run to end with that exit code: where it does not, the test fails with all that it printed. */
export async function endsWith(code: number, running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  expect(outcome.code, `${outcome.output}\n${outcome.errors}`).toBe(code);
  return outcome;
}

/** The summary of the last run in a checkout. */
export async function readSummary(root: string): Promise<Summary> {
  return JSON.parse(await readFile(join(root, ".verify", "summary.json"), "utf8"));
}

/** A configuration file. */
export function configFile(config: object): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/**
 * A repository with a small pytest suite that needs no database, fully covered unless the files say otherwise. One process
 * runs it, which costs a third of what two workers and their coordinator cost.
 */
export function makePytestRepository(files: Files = {}, config: object = {}, atEnd?: AtEnd): Promise<Repository> {
  return makeSums(files, config, 1, atEnd);
}

/** The same, on two workers. */
export function makeParallelPytestRepository(
  files: Files = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  return makeSums(files, config, 2, atEnd);
}

function makeSums(files: Files, config: object, workers: number, atEnd?: AtEnd): Promise<Repository> {
  const all = {
    ".gitignore": "__pycache__/\n",
    "src/sums.py": "def add(left, right):\n    return left + right\n",
    "tests/conftest.py": "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'src'))\n",
    "tests/test_sums.py": "from sums import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n",
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers }],
      database: false,
      ...config,
    }),
    ...files,
  };
  return makeRepository(all, atEnd);
}

/** Lets git run the program's own hook in a repository, without what a husky installation needs. */
export async function useHook(repository: Repository): Promise<void> {
  await repository.git("config", "core.hooksPath", join(packageRoot, "hooks"));
}

/** Runs `git push` as a user would, with the hooks of the repository. */
export async function push(
  repository: Repository,
  words: readonly string[] = ["origin", "main"],
  environment?: Environment,
): Promise<Ran> {
  const command = ["git", "push", ...words].map(quote).join(" ");
  return await runShell(command, repository.root, environment ?? (await userEnvironment()));
}
