import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Config } from "../config.ts";
import { configDigest } from "../config-file.ts";
import { packageRoot } from "../paths.ts";
import type { Plan } from "../suite/plan.ts";
import { withProjectPrograms } from "../suite/programs.ts";
import type { Environment, World } from "../world.ts";
import type { Checkout } from "./checkout.ts";
import type { Conditions } from "./receipts.ts";
import type { Target } from "./refs.ts";
import type { Repository } from "./repository.ts";

const run = promisify(execFile);

/** The version of pushproof. */
export const version: string = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;

/** Under which conditions a receipt of this verification stands. */
export async function readConditions(
  config: Config,
  plan: Plan,
  target: Target,
  checkout: Checkout,
  world: World,
): Promise<Conditions> {
  return {
    tree: target.tree,
    configuration: configDigest(config),
    version,
    environment: await environmentClass(plan, checkout, world.environment),
  };
}

/** The kind of environment: "linux x64, node 20.20.2, python 3.11.7"; Python where a suite is written in it. */
async function environmentClass(plan: Plan, checkout: Checkout, environment: Environment): Promise<string> {
  const parts = [`${platform()} ${arch()}`, `node ${process.versions.node}`];
  const pythons = plan.suites.filter(({ suite }) => suite.runner === "pytest");
  const versions = await Promise.all(
    pythons.map(({ directory }) =>
      pythonVersion(withProjectPrograms(environment, [directory, checkout.root]), directory),
    ),
  );
  return [...parts, ...new Set(versions)].join(", ");
}

async function pythonVersion(environment: Environment, directory: string): Promise<string> {
  try {
    const { stdout, stderr } = await run("python3", ["--version"], { cwd: directory, env: { ...environment } });
    return `${stdout}${stderr}`.trim().toLowerCase();
  } catch {
    return "no python3";
  }
}

/**
 * What must be unchanged for the hook to answer for a tree by itself. The hook says it in its own words, so that both
 * sides always mean the same; see hooks/pre-push.
 */
export async function hookMarker({ root }: Repository, world: World): Promise<string> {
  const hook = join(packageRoot, "hooks", "pre-push");
  const { stdout } = await run("sh", [hook, "--conditions"], { cwd: root, env: { ...world.environment } });
  return stdout;
}
