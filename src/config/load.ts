import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { closest } from "fastest-levenshtein";
import { type Loader, type Loaders, lilconfig } from "lilconfig";
import type * as z from "zod";
import { messageOf, RequestError } from "../shared/errors.ts";
import { canonicalPath, isWithin } from "../shared/within.ts";
import { runConfiguration } from "./program.ts";
import { repeatedKeys } from "./repeated-keys.ts";
import { type Config, configSchema, coverageSchema, databaseSchema, suiteSchema } from "./schema.ts";

/** Where a project's configuration may be, the first that is there counts. */
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
 * that cannot be read or holds what is not allowed.
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

/** Throws RequestError for a link that leads out of the checkout: it may change, and no receipt would know. */
function requireOwnFile(root: string, file: string): void {
  const real = canonicalPath(join(root, file));
  if (isWithin(real, canonicalPath(root))) return;
  throw new RequestError(
    `${file} leads out of the repository, to ${real}: what lies there is not part of the commit. Commit the file itself.`,
  );
}

/** Checks a configuration as it was read, and fills in the defaults. Throws RequestError with a line for each mistake. */
export function parseConfig(value: unknown, file: string): Config {
  const vanishing = placesOfProto(value);
  if (vanishing.length > 0) {
    const mistakes = vanishing.map(
      (path) => `${file}: ${place(path)} is a name that JavaScript cannot keep: choose another.`,
    );
    throw new RequestError(mistakes.join("\n"));
  }
  const result = configSchema.safeParse(value ?? {});
  if (result.success) return withUniqueSuites(result.data, file);
  // What is there and unknown is the cause more often than the sign.
  const issues = [...result.error.issues].sort((left, right) => Number(isUnknown(right)) - Number(isUnknown(left)));
  const mistakes = issues.flatMap(explain);
  throw new RequestError(mistakes.map((mistake) => `${file}: ${mistake}`).join("\n"));
}

/**
 * Where a configuration holds the key `__proto__`: an object that is copied loses it without a word, and with it the check or
 * the threshold that it names.
 */
function placesOfProto(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "__proto__" ? [[...path, key]] : placesOfProto(inner, [...path, key]),
  );
}

/**
 * The digest that says whether two verifications held a tree against the same configuration. A server's URL is left
 * out: where the databases are does not change what is proven, and a password must not be guessable from a file.
 */
export function configDigest(config: Config): string {
  const database = config.database === false ? false : { ...config.database, url: undefined };
  return createHash("sha256")
    .update(stableJson({ ...config, database }))
    .digest("hex");
}

/** Says which file cannot be read, and the first line of why: the rest is an excerpt or a stack. */
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

/** Node quotes the text around the mistake, which may be a password's end. */
function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, " is not valid JSON");
}

/** Node decides by its version; asked beforehand, as its own words for it help nobody. */
const runTypeScript: Loader = (path) => {
  if ("typescript" in process.features && process.features.typescript) return runConfiguration(path);
  throw new RequestError(
    `${basename(path)} cannot be read: Node ${process.versions.node} does not load TypeScript. ` +
      "Use Node 22.18 or later, or make it verify.config.js or verify.config.json.",
  );
};

/** Imported only where it is needed: most configurations are JSON, and the hook starts often. */
const parseYaml: Loader = async (_path, content) => (await import("yaml")).parse(content);

/** JSON in which the configuration has no key twice, as YAML does not allow it either. */
function parseJson(path: string, content: string): unknown {
  const parsed: unknown = JSON.parse(content);
  const file = basename(path);
  const [twice] = repeatedKeys(content)
    .filter(([section]) => file !== "package.json" || section === "verify")
    .map((keys) => (file === "package.json" && keys.length > 1 ? keys.slice(1) : keys));
  if (twice === undefined) return parsed;
  throw new RequestError(`${file}: ${place(twice)} is there twice, and only the last one would count: keep one.`);
}

const configLoaders: Loaders = {
  ".json": orRequestError(parseJson),
  ".yaml": orRequestError(parseYaml),
  ".yml": orRequestError(parseYaml),
  ".js": orRequestError(runConfiguration),
  ".mjs": orRequestError(runConfiguration),
  ".ts": orRequestError(runTypeScript),
};

function withUniqueSuites(config: Config, file: string): Config {
  const names = config.suites.map((suite) => suite.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RequestError(`${file}: two suites are called "${twice}": give each its own name.`);
  return config;
}

type Issue = z.core.$ZodIssue;

/** What is wrong and what to do, for each mistake an issue stands for. */
function explain(issue: Issue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => explainUnknownKey(key, issue.path));
  if (issue.code === "invalid_union") return explainUnion(issue);
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return [`${place(issue.path)} is missing: expected ${issue.expected}.`];
  }
  return [`${place(issue.path)}: ${sentence(issue.message)}.`];
}

function sentence(message: string): string {
  return message.replace(/^Invalid (input|option): /, "");
}

function isUnknown({ code }: Issue): boolean {
  return code === "unrecognized_keys";
}

function explainUnknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = knownKeys(path);
  return `unknown key "${[...path, key].join(".")}": did you mean "${closest(key, known)}"? Known here: ${known.join(", ")}.`;
}

/** Of the alternatives, the one that was meant is the one whose mistakes lie deepest. */
function explainUnion(issue: Extract<Issue, { code: "invalid_union" }>): string[] {
  const alternatives = issue.errors.filter((issues) =>
    issues.some(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
  const meant = alternatives[0];
  if (meant === undefined) return [`${place(issue.path)}: ${expectations(issue)}.`];
  return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

function expectations(issue: Extract<Issue, { code: "invalid_union" }>): string {
  return [...new Set(issue.errors.flat().map(({ message }) => sentence(message)))].join(", or ");
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  const [section] = path;
  const schemas: Readonly<Record<string, { shape: object }>> = {
    suites: suiteSchema,
    database: databaseSchema,
    coverage: coverageSchema,
  };
  return Object.keys((schemas[String(section)] ?? configSchema).shape).filter((key) => key !== "$schema");
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the configuration" : `"${path.join(".")}"`;
}

/** JSON whose keys are in a fixed order, so that moving a line in a file is not another configuration. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
