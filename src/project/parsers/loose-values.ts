import { parse } from "yaml";

/** The value if it is an object, else an empty object. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Parses YAML; null where it is invalid. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

/** A percentage from 0 to 100 as a number or a text such as `80` or `80%`; otherwise null. */
export function percentOf(value: unknown): number | null {
  const isText = typeof value === "string" && /^\d+(\.\d+)?\s*%?$/.test(value.trim());
  const number = isText ? Number.parseFloat(value) : value;
  return typeof number === "number" && number >= 0 && number <= 100 ? number : null;
}
