import { closest } from "fastest-levenshtein";
import type * as z from "zod";
import { RequestError } from "../shared/errors.ts";
import { plural } from "../shared/text.ts";
import { repeatedKeys } from "./repeated-keys.ts";

/** A file of settings, for its messages. */
export interface SettingsFile {
  /** Its name, such as `verify.config.json`. */
  readonly file: string;
  /** What it holds as a whole, such as "the configuration". */
  readonly whole: string;
  /** The keys that may be at a path. */
  readonly knownKeys: (path: readonly PropertyKey[]) => readonly string[];
}

/** At most so many mistakes are listed. */
const mostMistakes = 10;
/** Far deeper than anything that is known, and than what would overflow the stack. */
export const deepest = 100;

/** Validates a value and fills in defaults. Throws RequestError with a line for each mistake. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  settings: SettingsFile,
): z.output<Schema> {
  const { file, whole } = settings;
  if (isTooDeep(value)) throw new RequestError(`${file}: ${whole} is nested more than ${deepest} levels deep.`);
  const vanishing = placesOfProto(value);
  if (vanishing.length > 0) {
    const mistakes = vanishing.map(
      (path) => `${file}: ${place(path, whole)} is a name that JavaScript cannot keep: choose another.`,
    );
    throw new RequestError(mistakes.join("\n"));
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // Unknown keys are reported first, as they usually cause the other errors.
  const issues = [...result.error.issues].sort((left, right) => Number(isUnknown(right)) - Number(isUnknown(left)));
  const mistakes = issues
    .slice(0, mostMistakes)
    .flatMap((issue) => explain(issue, settings))
    .slice(0, mostMistakes);
  const left = issues.reduce((sum, issue) => sum + (isUnknown(issue) ? issue.keys.length : 1), -mistakes.length);
  const more = left > 0 ? [`${plural(left, "more mistake")} of the kind.`] : [];
  throw new RequestError([...mistakes, ...more].map((mistake) => `${file}: ${mistake}`).join("\n"));
}

/**
 * Parses the JSON text of a settings file and throws RequestError for a key that is there twice. `section` is the only
 * key of the text that is ours, as in package.json.
 */
export function parseJsonOnce(file: string, text: string, section?: string): unknown {
  // Some editors begin a file with a byte order mark.
  const content = text.replace(/^\uFEFF/, "");
  const parsed: unknown = JSON.parse(content);
  for (const keys of repeatedKeys(content)) {
    if (section !== undefined && keys[0] !== section) continue;
    const twice = section !== undefined && keys.length > 1 ? keys.slice(1) : keys;
    throw new RequestError(
      `${file}: ${place(twice, "a key")} is there twice, and only the last one would count: keep one.`,
    );
  }
  return parsed;
}

/**
 * The message of a JSON parser without the text around the mistake, which may contain part of a password; without the
 * final dot.
 */
export function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, " is not valid JSON");
}

/**
 * Where a value has the key `__proto__`: copying an object drops it silently, and with it the check or threshold of
 * that name.
 */
function placesOfProto(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "__proto__" ? [[...path, key]] : placesOfProto(inner, [...path, key]),
  );
}

/** Whether a value is nested deeper than anything that is known. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

type Issue = z.core.$ZodIssue;

/** One explanation and remedy for each mistake in an issue. */
function explain(issue: Issue, settings: SettingsFile): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, mostMistakes).map((key) => explainUnknownKey(key, issue.path, settings));
  if (issue.code === "invalid_union") return explainUnion(issue, settings);
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return [`${place(issue.path, settings.whole)} is missing: expected ${issue.expected}.`];
  }
  return [`${place(issue.path, settings.whole)}: ${sentence(issue.message)}.`];
}

function sentence(message: string): string {
  return message.replace(/^Invalid (input|option): /, "");
}

function isUnknown(issue: Issue): issue is Extract<Issue, { code: "unrecognized_keys" }> {
  return issue.code === "unrecognized_keys";
}

function explainUnknownKey(key: string, path: readonly PropertyKey[], { knownKeys }: SettingsFile): string {
  const known = knownKeys(path);
  return `unknown key "${[...path, key].join(".")}": did you mean "${closest(key, known)}"? Known here: ${known.join(", ")}.`;
}

/** Of several alternatives, the one with the deepest mistakes was meant. */
function explainUnion(issue: Extract<Issue, { code: "invalid_union" }>, settings: SettingsFile): string[] {
  const alternatives = issue.errors.filter((issues) =>
    issues.some(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
  const meant = alternatives[0];
  if (meant === undefined) return [`${place(issue.path, settings.whole)}: ${expectations(issue)}.`];
  return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] } as Issue, settings));
}

function expectations(issue: Extract<Issue, { code: "invalid_union" }>): string {
  return [...new Set(issue.errors.flat().map(({ message }) => sentence(message)))].join(", or ");
}

function place(path: readonly PropertyKey[], whole: string): string {
  return path.length === 0 ? whole : `"${path.join(".")}"`;
}
