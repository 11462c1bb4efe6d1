import { basename, extname, join } from "node:path";
import { type Loader, type Loaders, lilconfig } from "lilconfig";
import { messageOf, RequestError } from "../shared/errors.ts";
import { canonicalPath, isWithin } from "../shared/within.ts";
import { parseConfig } from "./parse.ts";
import { runConfiguration } from "./program.ts";
import type { Config } from "./schema.ts";
import { parseJsonOnce, withoutExcerpt } from "./validate.ts";

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
  const found = await search.search(root);
  if (found === null) return null;
  const file = basename(found.filepath);
  requireOwnFile(root, file);
  return { config: parseConfig(found.config, file), file };
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
  if (file !== "package.json") return parseConfig(value, file);
  const part = (value as { verify?: unknown } | null)?.verify;
  return part === undefined || part === null ? null : parseConfig(part, file);
}

/** Whether a configuration file is a program, whose result is only known once it has run. */
export function isConfigProgram(file: string): boolean {
  return /\.(js|mjs|ts)$/.test(file);
}

/** Names the unreadable file, with the first line of the cause; the rest is an excerpt or a stack. */
function orRequestError(load: Loader): Loader {
  return async (path, content) => {
    try {
      return await load(path, content);
    } catch (error) {
      if (error instanceof RequestError) throw error;
      throw new RequestError(`${basename(path)} cannot be read: ${firstLine(withoutExcerpt(messageOf(error)))}.`);
    }
  };
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/[.:]$/, "");
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
const parseYaml: Loader = async (_path, content) => (await import("yaml")).parse(content);

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
