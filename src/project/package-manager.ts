import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The program that installs a repository's packages. */
export interface PackageManager {
  readonly name: "npm" | "pnpm" | "yarn" | "bun";
  /** Installs although package.json has just changed, which some refuse on CI. */
  readonly install: readonly [string, ...string[]];
  /** Yarn from 2 on runs `postinstall` of the project, and no `prepare`. */
  readonly ignoresPrepare: boolean;
}

const lockFiles: ReadonlyArray<readonly [string, PackageManager["name"]]> = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

const additions = {
  npm: "npm install --save-dev",
  pnpm: "pnpm add --save-dev",
  yarn: "yarn add --dev",
  bun: "bun add --dev",
} as const;

/** The command with which a person adds packages to what a project is developed with, here to a workspace's root. */
export function addCommand(
  { name, ignoresPrepare }: Pick<PackageManager, "name"> & Partial<PackageManager>,
  packages: readonly string[],
  isWorkspaceRoot = false,
): string {
  // pnpm and Yarn 1 refuse to add to a workspace's root unless they are told that it is meant.
  const flag = { npm: [], pnpm: ["--workspace-root"], yarn: ignoresPrepare ? [] : ["-W"], bun: [] }[name];
  return [additions[name], ...(isWorkspaceRoot ? flag : []), ...packages].join(" ");
}

/** The package manager of a directory whose package.json was not read yet; what is no JSON declares none. */
export function findPackageManager(root: string): PackageManager {
  return packageManagerOf(root, declaredManager(root));
}

function declaredManager(root: string): unknown {
  try {
    return JSON.parse(readFileSync(join(root, "package.json"), "utf8"))?.packageManager;
  } catch {
    return undefined;
  }
}

/** The package manager of a directory: what `packageManager` in its package.json says, else whose lock file is there, else npm. */
export function packageManagerOf(root: string, declared: unknown): PackageManager {
  const [, named, major] = /^(npm|pnpm|yarn|bun)@(\d+)/.exec(typeof declared === "string" ? declared : "") ?? [];
  const locked = lockFiles.find(([file]) => existsSync(join(root, file)))?.[1];
  const name = (named as PackageManager["name"] | undefined) ?? locked ?? "npm";
  const isModernYarn = name === "yarn" && (Number(major ?? 1) >= 2 || existsSync(join(root, ".yarnrc.yml")));
  return {
    name,
    install: name === "pnpm" ? ["pnpm", "install", "--no-frozen-lockfile"] : [name, "install"],
    ignoresPrepare: isModernYarn,
  };
}
