import { isDeepStrictEqual } from "node:util";
import { bracketsAround, quoteMark, tokensOf, unquoted, word } from "./code-tokens.ts";

/** Stands for a value that cannot be known without running the file. */
export const computed: unique symbol = Symbol("computed");

/**
 * The value of a key, or of a constant of that name, in a JavaScript, TypeScript or JSON text: a string, number,
 * boolean, null or an object of these; `computed` for anything else or where values differ, undefined where the key
 * does not occur. The text is never run: top-level constants of the file are resolved, imports and computed values are
 * not.
 */
export function literalOf(text: string, key: string): unknown {
  const tokens = tokensOf(text);
  return theOnly(writtenFor(tokens, key));
}

/** `literalOf` for a key within the object of a parent key; the same key elsewhere is ignored. */
export function literalUnder(text: string, parent: string, key: string): unknown {
  const tokens = tokensOf(text);
  const parents = writtenFor(tokens, parent);
  const assigned = tokens.flatMap((_, index) =>
    tokens[index - 2] === parent && isAssigned(tokens, index, key) ? [valueAt(tokens, index + 2, new Set()).value] : [],
  );
  // Without the parent, it is unclear whether the key is meant.
  if (parents.length + assigned.length === 0) return writtenFor(tokens, key).length === 0 ? undefined : computed;
  return theOnly([...parents.map((value) => memberOf(value, key)), ...assigned]);
}

function memberOf(value: unknown, key: string): unknown {
  if (value === computed) return computed;
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  // A spread may contain the key.
  return members[key] ?? members["..."];
}

/** With several different values, only running the file would tell. */
function theOnly(values: readonly unknown[]): unknown {
  const [first, ...others] = values.filter((value) => value !== undefined);
  return others.every((other) => isDeepStrictEqual(other, first)) ? first : computed;
}

/** The values of members of that name and of assignments to it; else the constant's. */
function writtenFor(tokens: readonly string[], key: string): unknown[] {
  const values = tokens.flatMap((token, index) => {
    if (unquoted(token) !== key) return [];
    const isMember = isInObject(tokens, index) && tokens[index + 1] === ":";
    if (isMember || isAssigned(tokens, index, key)) return [valueAt(tokens, index + 2, new Set()).value];
    const isShorthand = isInObject(tokens, index) && /^[,}]$/.test(tokens[index + 1] ?? "");
    return isShorthand ? [constantOf(tokens, index, new Set())] : [];
  });
  const constant = values.length > 0 ? -1 : tokens.findIndex((_, index) => isTopConstant(tokens, index, key));
  return constant === -1 ? values : [constantOf(tokens, constant, new Set())];
}

function isAssigned(tokens: readonly string[], index: number, key: string): boolean {
  const isProperty = tokens[index] === key && tokens[index - 1] === ".";
  return isProperty && tokens[index + 1] === "=" && tokens[index + 2] !== "=";
}

/** Whether a token is in an object literal, rather than in a destructuring pattern. */
function isInObject(tokens: readonly string[], index: number): boolean {
  if (index > 0 && !/^[{,]$/.test(tokens[index - 1] ?? "")) return false;
  const { open, close } = bracketsAround(tokens, index);
  if (open === -1) return index === 0;
  const isTaking = /^(const|let|var|import|export)$/.test(tokens[open - 1] ?? "");
  return tokens[open] === "{" && !isTaking && !/^(=|from)$/.test(tokens[close + 1] ?? "");
}

/** The object in a JSON text, or a module's default export; `computed` where it is not literal. */
export function exportedLiteral(text: string): unknown {
  const tokens = tokensOf(text);
  if (tokens[0] === "{") return valueAt(tokens, 0, new Set()).value;
  const start = tokens.findIndex((token, index) => token === "default" && tokens[index - 1] === "export");
  if (start !== -1) return valueAt(tokens, start + 1, new Set()).value;
  const assigned = tokens.findIndex((token, index) => token === "exports" && tokens[index + 1] === "=");
  return assigned === -1 ? computed : valueAt(tokens, assigned + 2, new Set()).value;
}

interface Value {
  readonly value: unknown;
  /** The index of the next token. */
  readonly end: number;
}

function valueAt(tokens: readonly string[], start: number, followed: ReadonlySet<string>): Value {
  if (tokens[start] === "{") return finish(tokens, objectAt(tokens, start, followed));
  if (tokens[start] === "-") {
    const { value, end } = valueAt(tokens, start + 1, followed);
    return { value: typeof value === "number" ? -value : computed, end };
  }
  return finish(tokens, { value: simpleValue(tokens, start, followed), end: start + 1 });
}

/** A value followed by an operator, call or property is only part of an expression. */
function finish(tokens: readonly string[], { value, end }: Value): Value {
  return { value: /^[-+*/%?.([&|<>=!]$/.test(tokens[end] ?? "") ? computed : value, end };
}

function simpleValue(tokens: readonly string[], start: number, followed: ReadonlySet<string>): unknown {
  const token = tokens[start] ?? "";
  if (quoteMark.test(token)) return token.startsWith("`") && token.includes("${") ? computed : unquoted(token);
  if (/^\d/.test(token)) return Number(token.replaceAll("_", ""));
  if (/^(true|false|null)$/.test(token)) return JSON.parse(token);
  return word.test(token) ? constantOf(tokens, start, followed) : computed;
}

/** The value of the constant that a token names; `computed` where that is ambiguous. */
function constantOf(tokens: readonly string[], index: number, followed: ReadonlySet<string>): unknown {
  const name = tokens[index] ?? "";
  const inSight = tokens.flatMap((token, declared) => {
    if (token !== name || !/^(const|let|var)$/.test(tokens[declared - 1] ?? "")) return [];
    const { open, close } = bracketsAround(tokens, declared);
    return open < index && index < close ? [declared] : [];
  });
  const [declared = -1] = inSight;
  if (inSight.length !== 1 || !isTopConstant(tokens, declared, name) || followed.has(name)) return computed;
  const assigned = tokens.indexOf("=", declared);
  return assigned === -1 ? computed : valueAt(tokens, assigned + 1, new Set([...followed, name])).value;
}

/** Constants inside of functions are ignored. */
function isTopConstant(tokens: readonly string[], index: number, name: string): boolean {
  return tokens[index] === name && tokens[index - 1] === "const" && bracketsAround(tokens, index).open === -1;
}

function objectAt(tokens: readonly string[], start: number, followed: ReadonlySet<string>): Value {
  const value: Record<string, unknown> = {};
  let position = start + 1;
  while (position < tokens.length && tokens[position] !== "}") {
    const key = tokens[position] ?? "";
    const next = tokens[position + 1] ?? "";
    if (key === "...") {
      const spread = valueAt(tokens, position + 1, followed).value;
      // Kept under a key of its own, to show that something may be hidden here.
      Object.assign(value, typeof spread === "object" ? spread : { "...": computed });
    } else if (next === ":") value[unquoted(key)] = valueAt(tokens, position + 2, followed).value;
    else if (next === "," || next === "}") value[key] = constantOf(tokens, position, followed);
    else if (key === "[") {
      // Kept under its source text, to show which key could not be read.
      const { close } = bracketsAround(tokens, position + 1);
      value[tokens.slice(position, close + 1).join("")] = computed;
    }
    position = afterMember(tokens, position);
  }
  return { value, end: position + 1 };
}

/** The start of the next member, or the closing brace. */
function afterMember(tokens: readonly string[], start: number): number {
  let open = 0;
  for (let position = start; position < tokens.length; position += 1) {
    const token = tokens[position] ?? "";
    if (open === 0 && token === ",") return position + 1;
    if (open === 0 && token === "}") return position;
    if (/^[[{(]$/.test(token)) open += 1;
    if (/^[\]})]$/.test(token)) open -= 1;
  }
  return tokens.length;
}
