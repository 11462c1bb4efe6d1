import { readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { packageRoot } from "../shared/paths.ts";

/** The running pushproof package. */
export interface OwnPackage {
  /** Absolute. */
  readonly directory: string;
  readonly version: string;
  /** Whether a package manager installed it; otherwise it is a source checkout. */
  readonly isInstalled: boolean;
}

/** Describes the package in a directory, by default this one. */
export function ownPackage(directory: string = packageRoot): OwnPackage {
  const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
  return { directory, version, isInstalled: directory.split(sep).includes("node_modules") };
}
