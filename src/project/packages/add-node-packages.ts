import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dependencyNames, type PackageFile } from "../package-file.ts";
import { addCommand, allLockFiles, findPackageManager } from "../package-manager.ts";
import { type Addition, fromRoot, type LackingPlace, upToCheckout } from "./additions.ts";

/**
 * How to install Node packages for a suite. Packages in package.json only need an install; others are added where the
 * suite's runner, the first of `beside`, is listed.
 */
export function addNodePackages(place: LackingPlace, packages: readonly string[], beside = packages): Addition {
  const listing = upToCheckout(place).map((directory) => ({ directory, names: listedIn(directory) }));
  const names = packages.map((name) => name.replace(/(?<=.)@[^@/]*$/, ""));
  const listed = listing.find((one) => names.every((name) => one.names.includes(name)));
  const target =
    listing.find((one) => one.names.includes(beside[0] ?? "")) ?? listing.find(({ names }) => names.length);
  const directory = (listed ?? target)?.directory ?? place.checkoutRoot;
  const manager = findPackageManager(managedDirectory(place, directory));
  const isWorkspaceRoot = directory === place.checkoutRoot && hasWorkspaces(directory);
  const command = listed === undefined ? addCommand(manager, packages, isWorkspaceRoot) : `${manager.name} install`;
  return { command: fromRoot(place, directory, command), listIn: null };
}

/** The nearest directory with a lock file; for a workspace's packages, its root. */
function managedDirectory(place: LackingPlace, directory: string): string {
  return (
    upToCheckout({ ...place, directory }).find((one) => allLockFiles.some((lock) => existsSync(join(one, lock)))) ??
    place.checkoutRoot
  );
}

function hasWorkspaces(directory: string): boolean {
  return existsSync(join(directory, "pnpm-workspace.yaml")) || packageOf(directory).workspaces !== undefined;
}

function listedIn(directory: string): string[] {
  return dependencyNames(packageOf(directory));
}

function packageOf(directory: string): PackageFile & { readonly workspaces?: unknown } {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) ?? {};
  } catch {
    return {};
  }
}
