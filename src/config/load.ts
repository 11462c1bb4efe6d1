import { isUtf8 } from "node:buffer";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type Loader, type Loaders, lilconfig } from "lilconfig";
import { isSystemError, messageOf, RequestError } from "../shared/errors.ts";
import { canonicalPath, isWithin } from "../shared/within.ts";
import { runConfiguration } from "./program.ts";
import type { Config } from "./schema.ts";
import { deepest, parseJsonOnce, withoutExcerpt } from "./validate.ts";

/** The possible configuration files; the first that exists is used. */
export const configPlaces = [
  "verify.config.json",
  "verify.config.yaml",
  "verify.config.yml",
  "verify.config.js",
  "verify.config.mjs",
  "verify.config.ts",
  "package.json",
] as const;

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from, relative to the root. */
  readonly file: string;
}

/**
 * The configuration of the checkout with that absolute root, or null where it has none. Throws RequestError for a file
 * that is unreadable or invalid.
 */
export async function loadConfig(root: string): Promise<LoadedConfig | null> {
  const search = lilconfig("verify", {
    searchPlaces: [...configPlaces],
    stopDir: root,
    loaders: configLoaders,
    packageProp: "verify",
    // An empty file is a configuration without suites, not none.
    ignoreEmptySearchPlaces: false,
    cache: false,
  });
  const found = await search.search(root).catch((error: unknown) => {
    const directory = configPlaces.find((place) => isDirectory(join(root, place)));
    if (!isSystemError(error) || directory === undefined) throw error;
    throw new RequestError(`${directory} is a directory, where the configuration is looked for: rename it.`);
  });
  if (found === null) return null;
  const file = basename(found.filepath);
  requireOwnFile(root, file);
  return { config: await parse(found.config, file), file };
}

/** Imported lazily: the schemas take long to load, and a repository without a configuration needs none. */
async function parse(value: unknown, file: string): Promise<Config> {
  return (await import("./parse.ts")).parseConfig(value, file);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Throws RequestError for a link out of the checkout: its target may change without the tree. */
function requireOwnFile(root: string, file: string): void {
  const real = canonicalPath(join(root, file));
  if (isWithin(real, canonicalPath(root))) return;
  throw new RequestError(
    `${file} leads out of the repository, to ${real}: what lies there is not part of the commit. Commit the file itself.`,
  );
}

/**
 * The configuration in the text of one of `configPlaces`, for a commit that is not checked out; null where package.json
 * has no part of ours. Throws RequestError for mistakes. A file that is a program must not be given: its text says
 * nothing before it runs.
 */
export async function readConfigText(file: string, text: string): Promise<Config | null> {
  const value = await configLoaders[extname(file) as ".json"]?.(file, text);
  if (file !== "package.json") return await parse(value, file);
  const part = (value as { verify?: unknown } | null)?.verify;
  return part === undefined || part === null ? null : await parse(part, file);
}

/** Whether a configuration file is a program, whose result is only known once it has run. */
export function isConfigProgram(file: string): boolean {
  return /\.(js|mjs|ts)$/.test(file);
}

/** Names the unreadable file, with the first line of the cause; the rest is an excerpt or a stack. */
function orRequestError(load: Loader): Loader {
  return async (path, content) => {
    // Read as UTF-8, what is none has such characters in it; they may also be meant.
    if (content.includes("\uFFFD") && !(await readFile(path).then(isUtf8, () => true)))
      throw new RequestError(`${basename(path)} is not UTF-8 text: save it in that encoding.`);
    try {
      return await load(path, content);
    } catch (error) {
      if (error instanceof RequestError) throw error;
      throw new RequestError(`${basename(path)} cannot be read: ${firstLine(withoutExcerpt(messageOf(error)))}.`);
    }
  };
}

function firstLine(text: string): string {
  const line = (text.split("\n")[0] ?? "").replace(/[.:]$/, "");
  return line.replace(/^Maximum call stack size exceeded.*/, "it is nested too deep");
}

/** Checked in advance, because Node's own message is not helpful. */
const runTypeScript: Loader = (path) => {
  if ("typescript" in process.features && process.features.typescript) return runConfiguration(path);
  throw new RequestError(
    `${basename(path)} cannot be read: Node ${process.versions.node} does not load TypeScript. ` +
      "Use Node 22.18 or later, or make it verify.config.js or verify.config.json.",
  );
};

/** Imported lazily: most configurations are JSON, and the hook starts often. */
const parseYaml: Loader = async (path, content) => {
  if (yamlNesting(content) > deepest) throw new RequestError(`${basename(path)} is nested too deep.`);
  const { parseAllDocuments, parse } = await import("yaml");
  // Its warnings are about what validation refuses.
  const options = { logLevel: "error" } as const;
  if (Array.from(parseAllDocuments(content, options)).length > 1)
    throw new RequestError(`${basename(path)} holds several documents: keep one.`);
  return parse(content, options);
};

/**
 * At least how deep a YAML text is nested on its lines: its parser recurses, and Node ends without a word where the stack
 * ends in the middle of a regular expression.
 */
function yamlNesting(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/[[\]{}]|^[ \t]*(?:[-?:][ \t]+)+/gm)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth = Math.max(0, depth - 1);
    else most = Math.max(most, token.replace(/\s/g, "").length);
    most = Math.max(most, depth);
  }
  return most;
}

/** JSON without repeated keys, which YAML does not allow either. */
function parseJson(path: string, text: string): unknown {
  const file = basename(path);
  return parseJsonOnce(file, text, file === "package.json" ? "verify" : undefined);
}

const configLoaders: Loaders = {
  ".json": orRequestError(parseJson),
  ".yaml": orRequestError(parseYaml),
  ".yml": orRequestError(parseYaml),
  ".js": orRequestError(runConfiguration),
  ".mjs": orRequestError(runConfiguration),
  ".ts": orRequestError(runTypeScript),
};
