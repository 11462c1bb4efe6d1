import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { messageOf } from "../../shared/errors.ts";

/** Which files a project's c8 configuration counts; undefined where it leaves c8's default. */
export interface C8Settings {
  readonly include?: string | readonly string[];
  readonly exclude?: string | readonly string[];
  readonly extension?: string | readonly string[];
  readonly excludeNodeModules?: boolean;
  readonly excludeAfterRemap?: boolean;
  readonly allowExternal?: boolean;
  readonly omitRelative?: boolean;
  readonly all?: boolean;
  readonly src?: string | readonly string[];
  readonly resolve?: string;
  readonly wrapperLength?: number;
}

/** The spellings that c8 takes for each setting. */
const spellings: Readonly<Record<keyof C8Settings, readonly string[]>> = {
  include: ["include", "n"],
  exclude: ["exclude", "x"],
  extension: ["extension", "e"],
  excludeNodeModules: ["exclude-node-modules", "excludeNodeModules"],
  excludeAfterRemap: ["exclude-after-remap", "excludeAfterRemap", "a"],
  allowExternal: ["allowExternal", "allow-external"],
  omitRelative: ["omit-relative", "omitRelative"],
  all: ["all"],
  src: ["src"],
  resolve: ["resolve"],
  wrapperLength: ["wrapper-length", "wrapperLength"],
};

const switches: readonly string[] = ["excludeNodeModules", "excludeAfterRemap", "allowExternal", "omitRelative", "all"];

type Fields = Readonly<Record<string, unknown>>;

/**
 * The c8 configuration that holds in an absolute directory, found as c8 finds it: the first of its files there or above,
 * then the `c8` field of the nearest package.json. Throws an Error that names a file that cannot be read.
 */
export function readC8Settings(directory: string): C8Settings {
  const file = findUp(directory, [".c8rc", ".c8rc.json", ".nycrc", ".nycrc.json"]);
  const manifest = findUp(directory, ["package.json"]);
  const packageFields = manifest === null ? {} : asFields(asFields(readJson(manifest)).c8);
  const own = file === null ? {} : withExtended(asFields(readJson(file)), directory, [file]);
  const inherited = manifest === null ? {} : withExtended(packageFields, dirname(manifest), [manifest]);
  return Object.fromEntries(
    Object.entries(spellings).flatMap(([name, keys]) => {
      const value = firstOf(own, keys) ?? firstOf(inherited, keys);
      return value === undefined ? [] : [[name, switches.includes(name) ? String(value) === "true" : value]];
    }),
  );
}

function firstOf(fields: Fields, keys: readonly string[]): unknown {
  return keys.map((key) => fields[key]).find((value) => value !== undefined && value !== null);
}

/** Fields on top of those of the file or package that they extend. */
function withExtended(fields: Fields, directory: string, seen: readonly string[]): Fields {
  const { extends: name, ...own } = fields;
  if (typeof name !== "string") return own;
  const isFile = /\.json|\..*rc$/.test(name);
  const path = isFile ? resolve(directory, name) : packageFile(name, directory);
  if (path === null) return own;
  if (seen.includes(path)) throw new Error(`${path} extends itself`);
  const base = isFile ? readJson(path) : createRequire(path)(path);
  return { ...withExtended(asFields(base), dirname(path), [...seen, path]), ...own };
}

function packageFile(name: string, directory: string): string | null {
  try {
    return createRequire(join(directory, "package.json")).resolve(name);
  } catch {
    return null;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The first of these names in a directory, or in the nearest one above that has any; null where none has. */
function findUp(directory: string, names: readonly string[]): string | null {
  const found = names
    .map((name) => join(directory, name))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  return dirname(directory) === directory ? null : findUp(dirname(directory), names);
}
