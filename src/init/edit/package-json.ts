import { posix, relative, sep } from "node:path";
import type { PackageManager } from "../../project/package-manager.ts";
import { RequestError } from "../../shared/errors.ts";
import type { OwnPackage } from "../own-package.ts";
import { setJsonString } from "./json.ts";

/** The edited package.json and its changes. */
export interface PackageEdit {
  readonly text: string;
  /** One line per change; empty where nothing was missing. */
  readonly changes: readonly string[];
  /** Whether packages were added that must be installed. */
  readonly listChanged: boolean;
  /** What the edit cannot do, one line each. */
  readonly warnings: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
const huskyRange = "^9.1.7";
/** husky with its arguments, up to the next command in a script. */
const huskyCommand = /(^|&&|\|\||;|\()(\s*husky(?:\s+[^\s&|;()]+)*)/;
const ownCommand = "verify prepare";

/** Parses package.json. Throws RequestError where it is no object. */
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
 * Adds what the hook needs on every install: pushproof and, unless another manager has the hooks, husky with its
 * script. `text` is null without a package.json, `root` its absolute directory.
 */
export function editPackageJson(
  text: string | null,
  root: string,
  own: OwnPackage,
  manager: PackageManager,
  withHusky = true,
): PackageEdit {
  const fields = text === null ? { private: true } : parsePackageJson(text);
  let edited = text ?? '{\n  "private": true\n}\n';
  const changes: string[] = [];
  const warnings: string[] = [];
  let listChanged = false;

  const script = manager.ignoresPrepare ? "postinstall" : "prepare";
  const existing = at(fields, "scripts", script);
  const before = typeof existing === "string" ? existing : "";
  const after = withHusky ? withHook(before, fields.name === "pushproof") : before;
  if (after !== before) {
    edited = setJsonString(edited, ["scripts", script], after);
    changes.push(`script "${script}": "${after}"`);
    if (manager.ignoresPrepare && fields.private !== true) {
      warnings.push(
        `this package is not private: take "postinstall": "${after}" out of what you publish (pinst does that)`,
      );
    }
  }
  for (const [name, range] of [
    ["husky", huskyRange],
    ["pushproof", fields.name === "pushproof" ? null : rangeOf(own, root)],
  ] as const) {
    if (name === "husky" && !withHusky) continue;
    if (range === null || dependencyFields.some((field) => at(fields, field, name) !== undefined)) continue;
    edited = setJsonString(edited, ["devDependencies", name], range);
    changes.push(`devDependency ${name} ${range}`);
    listChanged = true;
  }
  return { text: edited, changes, listChanged, warnings };
}

/** The script with husky, followed by our addition to its generated files. */
function withHook(script: string, isOwnPackage: boolean): string {
  const installs = /\bhusky\b/.test(script) ? script : script.trim() === "" ? "husky" : `${script} && husky`;
  // pushproof's own repository has no `verify` in node_modules.
  if (isOwnPackage || installs.includes(ownCommand)) return installs;
  // Directly after husky, so that a trailing `|| true` applies to both.
  if (huskyCommand.test(installs)) return installs.replace(huskyCommand, `$1$2 && ${ownCommand}`);
  return `${installs} && ${ownCommand}`;
}

/** The version range for the running package: its version, or its source checkout. */
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
