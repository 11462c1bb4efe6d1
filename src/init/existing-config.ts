import { existsSync } from "node:fs";
import { join } from "node:path";
import { configPlaces } from "../config/load.ts";

/** Where a project is already configured, for people; null where it is not. */
export function existingConfig(root: string, packageFields: Readonly<Record<string, unknown>> | null): string | null {
  const file = configPlaces.find((name) => name !== "package.json" && existsSync(join(root, name)));
  if (file !== undefined) return file;
  return packageFields?.verify === undefined ? null : 'the key "verify" in package.json';
}
