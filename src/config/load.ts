import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { closest } from "fastest-levenshtein";
import { type Loader, type Loaders, lilconfig } from "lilconfig";
import type * as z from "zod";
import { messageOf, RequestError } from "../shared/errors.ts";
import { plural } from "../shared/text.ts";
import { canonicalPath, isWithin } from "../shared/within.ts";
import { runConfiguration } from "./program.ts";
import { repeatedKeys } from "./repeated-keys.ts";
import { type Config, configSchema, coverageSchema, databaseSchema, receiptsSchema, suiteSchema } from "./schema.ts";

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

/** Validates a configuration and fills in defaults. Throws RequestError with a line for each mistake. */
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
  // Unknown keys are reported first, as they usually cause the other errors.
  const issues = [...result.error.issues].sort((left, right) => Number(isUnknown(right)) - Number(isUnknown(left)));
  const mistakes = issues.slice(0, mostMistakes).flatMap(explain).slice(0, mostMistakes);
  const left = issues.reduce((sum, issue) => sum + (isUnknown(issue) ? issue.keys.length : 1), -mistakes.length);
  const more = left > 0 ? [`${plural(left, "more mistake")} of the kind.`] : [];
  throw new RequestError([...mistakes, ...more].map((mistake) => `${file}: ${mistake}`).join("\n"));
}

/**
 * Where a configuration has the key `__proto__`: copying an object drops it silently, and with it the check or
 * threshold of that name.
 */
function placesOfProto(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "__proto__" ? [[...path, key]] : placesOfProto(inner, [...path, key]),
  );
}

/**
 * A digest of the configuration, without a server's URL and what becomes of receipts: neither changes what is proven, and a
 * password must not be guessable from the file.
 */
export function configDigest(config: Config): string {
  const database = config.database === false ? false : { ...config.database, url: undefined };
  return createHash("sha256")
    .update(stableJson({ ...config, database, receipts: undefined }))
    .digest("hex");
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

/** Node quotes the text around the mistake, which may contain part of a password. */
function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, " is not valid JSON");
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
  // Some editors begin a file with a byte order mark.
  const content = text.replace(/^\uFEFF/, "");
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

/** At most so many mistakes are listed. */
const mostMistakes = 10;

/** One explanation and remedy for each mistake in an issue. */
function explain(issue: Issue): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, mostMistakes).map((key) => explainUnknownKey(key, issue.path));
  if (issue.code === "invalid_union") return explainUnion(issue);
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return [`${place(issue.path)} is missing: expected ${issue.expected}.`];
  }
  return [`${place(issue.path)}: ${sentence(issue.message)}.`];
}

function sentence(message: string): string {
  return message.replace(/^Invalid (input|option): /, "");
}

function isUnknown(issue: Issue): issue is Extract<Issue, { code: "unrecognized_keys" }> {
  return issue.code === "unrecognized_keys";
}

function explainUnknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = knownKeys(path);
  return `unknown key "${[...path, key].join(".")}": did you mean "${closest(key, known)}"? Known here: ${known.join(", ")}.`;
}

/** Of several alternatives, the one with the deepest mistakes was meant. */
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
    receipts: receiptsSchema,
  };
  return Object.keys((schemas[String(section)] ?? configSchema).shape).filter((key) => key !== "$schema");
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the configuration" : `"${path.join(".")}"`;
}

/** JSON with sorted keys, so that moving a line does not change the digest. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
