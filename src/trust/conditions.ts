import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { SimpleGit } from "simple-git";
import { configDigest, configPlaces, loadConfig } from "../config/load.ts";
import { defaultOptions, type VerifyOptions } from "../config/request.ts";
import { runnerFacts } from "../config/runner-facts.ts";
import type { Config } from "../config/schema.ts";
import { gitLine } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Conditions, Receipt } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import { RequestError } from "../shared/errors.ts";
import { packageRoot } from "../shared/paths.ts";
import { version } from "../shared/version.ts";
import type { Environment, World } from "../shared/world.ts";
import { makePlan, type Plan } from "../suite/plan/plan.ts";
import { withProjectPrograms } from "../suite/plan/project-environment.ts";
import { type BaseFacts, readBaseFacts } from "./base-facts.ts";

const run = promisify(execFile);

/** How a server is named in the environment that the caller, and not the configuration, has chosen. */
export const chosenServer = "a Postgres server of the caller's choice";

/** What a receipt's conditions are read from. */
export interface ConditionsRequest {
  readonly config: Config;
  readonly plan: Plan;
  readonly target: Target;
  readonly checkout: Pick<Checkout, "root">;
  readonly world: World;
  readonly options: Pick<VerifyOptions, "databaseUrl">;
  readonly base: BaseFacts;
}

/** Under which conditions a receipt of this verification stands. */
export async function readConditions(request: ConditionsRequest): Promise<Conditions> {
  const { config, plan, target, checkout, world, options, base } = request;
  const url = options.databaseUrl ?? world.environment.VERIFY_DATABASE_URL;
  const isChosen = Boolean(url) && plan.suites.some((suite) => suite.usesDatabase);
  const kind = await environmentClass(plan, checkout, world.environment);
  return {
    tree: target.tree,
    configuration: configDigest(config),
    version,
    environment: isChosen ? `${kind}, ${chosenServer}` : kind,
    against: await heldAgainst(config, base),
  };
}

/** What of the base branch the gates are about: the merge base, the recorded figure; null where none is. */
async function heldAgainst({ coverage }: Config, { mergeBase, baseFigure }: BaseFacts): Promise<string | null> {
  const parts: string[] = [];
  if (coverage.changedLines !== undefined) {
    const found = await mergeBase;
    parts.push(typeof found === "string" ? found : found.mergeBase);
  }
  if (coverage.ratchet) {
    const figure = await baseFigure;
    parts.push(figure === null ? "no figure" : `${figure.lines.covered} of ${figure.lines.total}`);
  }
  return parts.length === 0 ? null : parts.join(", ");
}

/** The kind of environment: "linux x64, node 20.20.2, python 3.11.7"; Python where a suite is written in it. */
async function environmentClass(
  plan: Plan,
  checkout: Pick<Checkout, "root">,
  environment: Environment,
): Promise<string> {
  const parts = [`${platform()} ${arch()}`, `node ${process.versions.node}`];
  const versions = await Promise.all(pythonPlaces({ plan, checkout }, environment).map(pythonVersion));
  return [...parts, ...new Set(versions)].join(", ");
}

/** Where a suite starts Python, and which environment it finds it in. */
interface PythonPlace {
  readonly directory: string;
  readonly environment: Environment;
}

function pythonPlaces({ plan, checkout }: Planned, environment: Environment): PythonPlace[] {
  return plan.suites
    .filter(({ suite }) => runnerFacts[suite.runner].language === "python")
    .map(({ directory }) => ({
      directory,
      environment: withProjectPrograms(environment, [directory, checkout.root]),
    }));
}

async function pythonVersion({ directory, environment }: PythonPlace): Promise<string> {
  try {
    const { stdout, stderr } = await run("python3", ["--version"], { cwd: directory, env: { ...environment } });
    return `${stdout}${stderr}`.trim().toLowerCase();
  } catch {
    return "no python3";
  }
}

/**
 * The conditions of a verification of HEAD as far as they are known without one, for a receipt of its tree. Where the
 * configuration that lies here is not HEAD's, or is none, the receipt's own word stands for what depends on it.
 */
export async function conditionsOfHead(
  repository: Repository,
  target: Target,
  receipt: Receipt,
  world: World,
): Promise<Conditions> {
  const { git, root } = repository;
  const unknown = { ...receipt, tree: target.tree, version };
  try {
    const loaded = await loadConfig(root);
    if (loaded === null || !(await isOfHead(git, loaded.file))) return unknown;
    const { config } = loaded;
    const plan = makePlan(config, defaultOptions, root);
    const base = readBaseFacts(repository, config, { commit: target.commit });
    return await readConditions({ config, plan, target, checkout: { root }, world, options: defaultOptions, base });
  } catch (error) {
    // A push would say so; here it only leaves the question open.
    if (error instanceof RequestError) return unknown;
    throw error;
  }
}

/** Whether HEAD has the same in a place of the configuration, and in those that go before it. */
async function isOfHead(git: SimpleGit, file: string): Promise<boolean> {
  const places = configPlaces.slice(0, (configPlaces as readonly string[]).indexOf(file) + 1);
  const options = ["--porcelain", "--ignored", "--untracked-files=all"];
  return (await gitLine(git, "status", ...options, "--", ...places)) === "";
}

/** The suites whose Python is a condition, and where they run. */
export interface Planned {
  readonly plan: Plan;
  readonly checkout: Pick<Checkout, "root">;
}

/**
 * What must be unchanged for the hook to answer for a tree by itself; null where it cannot see which Node or which Python
 * runs: what it finds is a version manager's shim, the same file for all versions, or it does not look there. Without a
 * plan, the Python on PATH is taken for one that matters.
 */
export async function hookMarker({ root }: Repository, world: World, planned?: Planned): Promise<string | null> {
  const places = planned
    ? pythonPlaces(planned, world.environment)
    : [{ directory: root, environment: world.environment }];
  const [words, node, ...pythons] = await Promise.all([
    hookWords(root, world.environment),
    fileOf("node", process.execPath, root, world.environment),
    ...places.map(async ({ directory, environment }) =>
      fileOf("python3", await pythonExecutable(directory, environment), directory, environment),
    ),
  ]);
  const seen = new Set([...words.matchAll(/^ *(\d+) /gm)].map(([, file]) => file));
  return [node, ...pythons].every((file) => file === "none" || seen.has(file ?? "")) ? words : null;
}

/** What the hook says of the conditions, in its own words, so that both sides always mean the same; see hooks/pre-push. */
export async function hookWords(directory: string, environment: Environment): Promise<string> {
  const hook = join(packageRoot, "hooks", "pre-push");
  return await outputOf("sh", [hook, "--conditions"], directory, environment);
}

/**
 * The number of the file that a program's name leads to, where that is the file that runs; null where it is another's
 * shim, "none" where the name leads nowhere.
 */
async function fileOf(
  name: string,
  executable: string,
  directory: string,
  environment: Environment,
): Promise<string | null> {
  const found = (await outputOf("sh", ["-c", `command -v ${name} || :`], directory, environment)).trim();
  if (found === "") return "none";
  try {
    const paths = [resolve(directory, found), executable];
    const [named, running] = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
    return named?.ino === running?.ino && named?.dev === running?.dev ? String(named?.ino) : null;
  } catch {
    return null;
  }
}

/** The absolute path of the Python that `python3` starts in the end; empty where there is none, or none that says it. */
async function pythonExecutable(directory: string, environment: Environment): Promise<string> {
  const question = ["-I", "-S", "-c", "import sys; print(sys.executable)"];
  return (await outputOf("python3", question, directory, environment).catch(() => "")).trim();
}

async function outputOf(
  program: string,
  words: readonly string[],
  cwd: string,
  environment: Environment,
): Promise<string> {
  return (await run(program, words, { cwd, env: { ...environment } })).stdout;
}
