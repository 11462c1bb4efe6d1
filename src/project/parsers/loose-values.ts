import { parse as parseTomlText, TomlError } from "smol-toml";

/** Stands for a value that only running the file which it is written in would tell. */
export const computed: unique symbol = Symbol("computed");

/** The object that a value is; an empty one for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** What a TOML text holds. Of a text with a mistake in it, what stands before the mistake. */
export function parseToml(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseTomlText(text, { integersAsBigInt: "asNeeded" });
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 0;
    const before = text.split("\n").slice(0, Math.max(0, line - 1));
    return before.length === 0 ? {} : parseToml(before.join("\n"));
  }
}

/** The percentage, 0 to 100, that a number or a text such as `80` or `80%` is; null for anything else. */
export function percentOf(value: unknown): number | null {
  const isText = typeof value === "string" && /^\d+(\.\d+)?\s*%?$/.test(value.trim());
  const number = isText ? Number.parseFloat(value) : value;
  return typeof number === "number" && number >= 0 && number <= 100 ? number : null;
}
