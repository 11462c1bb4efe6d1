import { posix, relative, sep } from "node:path";
import { RequestError } from "../errors.ts";
import { setJsonString } from "./json-edit.ts";
import type { OwnPackage } from "./own-package.ts";
import type { PackageManager } from "./package-manager.ts";

/** package.json as it should be, and what was done to it. */
export interface PackageEdit {
  readonly text: string;
  /** One line for each change; empty where nothing was missing. */
  readonly changes: readonly string[];
  /** Whether packages were added, so that they have to be installed. */
  readonly listChanged: boolean;
  /** What the change cannot do, one line each. */
  readonly warnings: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
const huskyRange = "^9.1.7";

/** The object in a package.json. Throws RequestError where there is none. */
export function parsePackageJson(text: string): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new RequestError(
      `package.json is not valid JSON (${(error as Error).message}): correct it, then run \`verify init\` again.`,
    );
  }
  if (!isObject(parsed))
    throw new RequestError("package.json holds no object: correct it, then run `verify init` again.");
  for (const field of ["scripts", ...dependencyFields]) {
    if (parsed[field] !== undefined && !isObject(parsed[field])) {
      throw new RequestError(
        `"${field}" in package.json is not an object: correct it, then run \`verify init\` again.`,
      );
    }
  }
  return parsed;
}

/**
 * Adds what is missing for the hook to come with every install: husky, pushproof, and the script that runs husky. `text`
 * is null where there is no package.json, `root` the absolute directory it lies in.
 */
export function editPackageJson(
  text: string | null,
  root: string,
  own: OwnPackage,
  manager: PackageManager,
): PackageEdit {
  const fields = text === null ? { private: true } : parsePackageJson(text);
  let edited = text ?? '{\n  "private": true\n}\n';
  const changes: string[] = [];
  const warnings: string[] = [];
  let listChanged = false;

  const script = manager.ignoresPrepare ? "postinstall" : "prepare";
  const existing = at(fields, "scripts", script);
  const startsHusky = typeof existing === "string" && /\bhusky\b/.test(existing);
  if (!startsHusky) {
    const command = typeof existing === "string" && existing.trim() !== "" ? `${existing} && husky` : "husky";
    edited = setJsonString(edited, ["scripts", script], command);
    changes.push(`script "${script}": "${command}"`);
    if (manager.ignoresPrepare && fields.private !== true) {
      warnings.push(
        'this package is not private: take "postinstall": "husky" out of what you publish (pinst does that)',
      );
    }
  }
  for (const [name, range] of [
    ["husky", huskyRange],
    ["pushproof", fields.name === "pushproof" ? null : rangeOf(own, root)],
  ] as const) {
    if (range === null || dependencyFields.some((field) => at(fields, field, name) !== undefined)) continue;
    edited = setJsonString(edited, ["devDependencies", name], range);
    changes.push(`devDependency ${name} ${range}`);
    listChanged = true;
  }
  return { text: edited, changes, listChanged, warnings };
}

/** What package.json says to get the package that is running: its version, or the checkout it is run from. */
export function rangeOf(own: OwnPackage, root: string): string {
  if (own.isInstalled) return `^${own.version}`;
  const path = relative(root, own.directory).split(sep).join(posix.sep);
  return `file:${path}`;
}

function at(fields: Fields, section: string, key: string): unknown {
  const value = fields[section];
  return isObject(value) ? value[key] : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
