import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A repository's package manager. */
export interface PackageManager {
  readonly name: "npm" | "pnpm" | "yarn" | "bun";
  /** The install command that accepts a changed package.json, which some reject on CI. */
  readonly install: readonly [string, ...string[]];
  /** Yarn 2 and later runs the project's `postinstall`, but not `prepare`. */
  readonly ignoresPrepare: boolean;
}

/** The lock files of each package manager. */
export const lockFilesOf: Readonly<Record<PackageManager["name"], readonly string[]>> = {
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
  bun: ["bun.lock", "bun.lockb"],
  npm: ["package-lock.json", "npm-shrinkwrap.json"],
};

/** The lock files of all package managers. */
export const allLockFiles: readonly string[] = Object.values(lockFilesOf).flat();

/** How a package manager calls a program that a package brings. */
export const programCalls = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" } as const;

const additions = {
  npm: "npm install --save-dev",
  pnpm: "pnpm add --save-dev",
  yarn: "yarn add --dev",
  bun: "bun add --dev",
} as const;

/** The command that adds dev dependencies, at a workspace's root. */
export function addCommand(
  { name, ignoresPrepare }: Pick<PackageManager, "name"> & Partial<PackageManager>,
  packages: readonly string[],
  isWorkspaceRoot = false,
): string {
  // pnpm and Yarn 1 require a flag for a workspace's root.
  const flag = { npm: [], pnpm: ["--workspace-root"], yarn: ignoresPrepare ? [] : ["-W"], bun: [] }[name];
  return [additions[name], ...(isWorkspaceRoot ? flag : []), ...packages].join(" ");
}

/** The package manager of a directory; reads its package.json, and ignores an invalid one. */
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

/** The package manager of a directory: from `packageManager` in package.json, else from the lock file, else npm. */
export function packageManagerOf(root: string, declared: unknown): PackageManager {
  const [, named, major] = /^(npm|pnpm|yarn|bun)@(\d+)/.exec(typeof declared === "string" ? declared : "") ?? [];
  const names = Object.keys(lockFilesOf) as PackageManager["name"][];
  const locked = names.find((one) => lockFilesOf[one].some((file) => existsSync(join(root, file))));
  const name = (named as PackageManager["name"] | undefined) ?? locked ?? "npm";
  const isModernYarn = name === "yarn" && (Number(major ?? 1) >= 2 || existsSync(join(root, ".yarnrc.yml")));
  return {
    name,
    install: name === "pnpm" ? ["pnpm", "install", "--no-frozen-lockfile"] : [name, "install"],
    ignoresPrepare: isModernYarn,
  };
}
