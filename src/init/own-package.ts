import { readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { packageRoot } from "../shared/paths.ts";

/** The pushproof that is running. */
export interface OwnPackage {
  /** Absolute. */
  readonly directory: string;
  readonly version: string;
  /** Whether a package manager put it there; otherwise it is a source checkout. */
  readonly isInstalled: boolean;
}

/** What the package in a directory is; by default the one this code belongs to. */
export function ownPackage(directory: string = packageRoot): OwnPackage {
  const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
  return { directory, version, isInstalled: directory.split(sep).includes("node_modules") };
}
