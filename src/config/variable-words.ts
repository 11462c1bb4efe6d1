import { closest } from "fastest-levenshtein";

/** Parts of an address that a variable may hold alone, or in braces within a template. */
const partNames = ["host", "port", "user", "password", "name", "url"] as const;
export type PartName = (typeof partNames)[number];

/** A part within a template. */
export const placeholder = /\{(\w+)\}/g;

/** URL schemes for Postgres, with a driver after a plus sign where the library wants one. */
const schemePattern =
  /^(postgres|postgresql|psql|pgsql|postgis|cockroach|cockroachdb|timescale|timescaledb|timescalegis|redshift)(\+\w+)?$/;

/** Whether a word names a part of an address. */
export function isPart(word: string): word is PartName {
  return (partNames as readonly string[]).includes(word);
}

/**
 * What is wrong with a value of `database.variables`, for a sentence that begins with its location; null for a scheme,
 * a part of an address, or a template of parts.
 */
export function variableValueMistake(value: string): string | null {
  const names = [...value.matchAll(placeholder)].map(([, name = ""]) => name);
  const known = partNames.map((name) => `{${name}}`).join(", ");
  if (names.length > 0) {
    const unknown = names.find((name) => !isPart(name));
    if (unknown === undefined) return null;
    return `"{${unknown}}" is no part of an address: did you mean "{${closest(unknown, [...partNames])}}"? Known are ${known}`;
  }
  if (isPart(value) || schemePattern.test(value)) return null;
  return (
    `"${value}" is neither a scheme such as "postgresql+asyncpg", nor a part of the address (${partNames.join(", ")}), ` +
    `nor a template such as "jdbc:postgresql://{host}:{port}/{name}"`
  );
}
