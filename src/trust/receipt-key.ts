import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { SimpleGit } from "simple-git";
import { configPlaces, loadConfig } from "../config/load.ts";
import { configDigest } from "../config/parse.ts";
import { defaultOptions, type VerifyOptions } from "../config/request.ts";
import { runnerFacts } from "../config/runner-facts.ts";
import type { Config } from "../config/schema.ts";
import { gitLine } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Receipt, ReceiptKey } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import { RequestError } from "../shared/errors.ts";
import { packageRoot } from "../shared/paths.ts";
import { version } from "../shared/version.ts";
import type { Environment, World } from "../shared/world.ts";
import { makePlan, type Plan } from "../suite/plan/plan.ts";
import { withProjectPrograms } from "../suite/plan/project-environment.ts";
import { type BaseFacts, readBaseFacts } from "./base-facts.ts";

const run = promisify(execFile);

/** Part of the environment class where the caller, not the configuration, chose the server. */
export const callersServer = "a Postgres server of the caller's choice";

/** What the key of a receipt is made from. */
export interface ReceiptKeyRequest {
  readonly config: Config;
  readonly plan: Plan;
  readonly target: Target;
  readonly checkout: Pick<Checkout, "root">;
  readonly world: World;
  readonly options: Pick<VerifyOptions, "databaseUrl">;
  readonly base: BaseFacts;
}

/** The values that must match for a receipt of this verification to be reused. */
export async function readReceiptKey(request: ReceiptKeyRequest): Promise<ReceiptKey> {
  const { config, plan, target, checkout, world, options, base } = request;
  const url = options.databaseUrl ?? world.environment.VERIFY_DATABASE_URL;
  const isChosen = Boolean(url) && plan.suites.some((suite) => suite.usesDatabase);
  const kind = await environmentClass(plan, checkout, world.environment);
  return {
    tree: target.tree,
    configuration: configDigest(config),
    version,
    environment: isChosen ? `${kind}, ${callersServer}` : kind,
    against: await baseState(config, base),
  };
}

/** The state of the base branch that gates depend on: merge base and recorded figure; null where none does. */
async function baseState({ coverage }: Config, { mergeBase, baseFigure }: BaseFacts): Promise<string | null> {
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

/** The environment class: "linux x64, node 20.20.2, python 3.11.7"; with Python where a suite uses it. */
export async function environmentClass(
  plan: Plan,
  checkout: Pick<Checkout, "root">,
  environment: Environment,
): Promise<string> {
  const parts = [`${platform()} ${arch()}`, `node ${process.versions.node}`];
  const versions = await Promise.all(pythonPlaces({ plan, checkout }, environment).map(pythonVersion));
  return [...parts, ...new Set(versions)].join(", ");
}

/** Where a suite starts Python, and with which environment. */
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
 * The receipt key of HEAD, as far as it is known without a run. Where the configuration here is missing or differs from
 * HEAD's, the parts that depend on it are taken from the receipt.
 */
export async function receiptKeyOfHead(
  repository: Repository,
  target: Target,
  receipt: Receipt,
  world: World,
): Promise<ReceiptKey> {
  const { git, root } = repository;
  const unknown = { ...receipt, tree: target.tree, version };
  try {
    const loaded = await loadConfig(root);
    if (loaded === null || !(await isOfHead(git, loaded.file))) return unknown;
    const { config } = loaded;
    const plan = makePlan(config, defaultOptions, root);
    const base = readBaseFacts(repository, config, { commit: target.commit });
    return await readReceiptKey({ config, plan, target, checkout: { root }, world, options: defaultOptions, base });
  } catch (error) {
    // A push would report it; here the question stays open.
    if (error instanceof RequestError) return unknown;
    throw error;
  }
}

/** Whether HEAD has the same configuration file, and the same files of higher precedence. */
async function isOfHead(git: SimpleGit, file: string): Promise<boolean> {
  const places = configPlaces.slice(0, (configPlaces as readonly string[]).indexOf(file) + 1);
  const options = ["--porcelain", "--ignored", "--untracked-files=all"];
  return (await gitLine(git, "status", ...options, "--", ...places)) === "";
}

/** The plan with suites that may use Python, and their checkout. */
export interface Planned {
  readonly plan: Plan;
  readonly checkout: Pick<Checkout, "root">;
}

/**
 * The text that must be unchanged for the hook to accept a tree by itself; null where it cannot tell which Node or
 * Python runs, for example with a version manager's shim, which is the same file for all versions. Without a plan, the
 * Python on PATH is assumed to matter.
 */
export async function hookMarker({ root }: Repository, world: World, planned?: Planned): Promise<string | null> {
  const places = planned
    ? pythonPlaces(planned, world.environment)
    : [{ directory: root, environment: world.environment }];
  const [conditions, node, ...pythons] = await Promise.all([
    hookConditions(root, world.environment),
    fileOf("node", process.execPath, root, world.environment),
    ...places.map(async ({ directory, environment }) =>
      fileOf("python3", await pythonExecutable(directory, environment), directory, environment),
    ),
  ]);
  const seen = new Set([...conditions.matchAll(/^ *(\d+) /gm)].map(([, file]) => file));
  return [node, ...pythons].every((file) => file === "none" || seen.has(file ?? "")) ? conditions : null;
}

/** The conditions as the hook itself prints them, so that both sides agree; see hooks/pre-push. */
async function hookConditions(directory: string, environment: Environment): Promise<string> {
  const hook = join(packageRoot, "hooks", "pre-push");
  return await standardOutput("sh", [hook, "--conditions"], directory, environment);
}

/**
 * The inode of the file that a program's name resolves to, if that file is what runs; null for a shim, "none" where the
 * name resolves to nothing.
 */
async function fileOf(
  name: string,
  executable: string,
  directory: string,
  environment: Environment,
): Promise<string | null> {
  const found = (await standardOutput("sh", ["-c", `command -v ${name} || :`], directory, environment)).trim();
  if (found === "") return "none";
  try {
    const paths = [resolve(directory, found), executable];
    const [named, running] = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
    return named?.ino === running?.ino && named?.dev === running?.dev ? String(named?.ino) : null;
  } catch {
    return null;
  }
}

/** The absolute path of the Python that `python3` finally starts; empty where unknown. */
async function pythonExecutable(directory: string, environment: Environment): Promise<string> {
  const question = ["-I", "-S", "-c", "import sys; print(sys.executable)"];
  return (await standardOutput("python3", question, directory, environment).catch(() => "")).trim();
}

async function standardOutput(
  program: string,
  args: readonly string[],
  cwd: string,
  environment: Environment,
): Promise<string> {
  return (await run(program, args, { cwd, env: { ...environment } })).stdout;
}
