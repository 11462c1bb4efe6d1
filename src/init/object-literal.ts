/** Stands for a value that only running the file would tell. */
export const computed: unique symbol = Symbol("computed");

/**
 * What is written for a key, or for a constant of that name, in a text of JavaScript, TypeScript or JSON: a string, number,
 * boolean, null or an object of these; `computed` for anything else, undefined where the key is nowhere. The text is only
 * read, never run: constants of the same file are followed, what is imported or worked out is not.
 */
export function literalOf(text: string, key: string): unknown {
  const tokens = tokensOf(text);
  const values = tokens.flatMap((token, index) => {
    if (unquoted(token) !== key) return [];
    const next = tokens[index + 1];
    if (next === ":" || next === "=") return [valueAt(tokens, index + 2, new Set()).value];
    const isShorthand = (next === "," || next === "}") && /^[{,]$/.test(tokens[index - 1] ?? "");
    return isShorthand ? [constantOf(tokens, token, new Set())] : [];
  });
  // `thresholds: Thresholds` of a type comes before the object that is meant.
  return values.find((value) => value !== computed) ?? values[0];
}

/** The object that a JSON text is, or that a module's text exports; `computed` where it is worked out. */
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
  /** The index of the token after it. */
  readonly end: number;
}

const word = /^[A-Za-z_$]/;
const quote = /^["'`]/;

/** Comments are left out; strings and regular expressions are one token each. */
function tokensOf(text: string): string[] {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|[A-Za-z_$][\w$]*|\d[\w.]*|\.\.\.|[^\s]/g;
  const expression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
  const tokens: string[] = [];
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [token] = match;
    if (token.startsWith("//") || token.startsWith("/*")) continue;
    expression.lastIndex = match.index;
    // A slash after a value divides; after anything else a regular expression begins.
    const isExpression = token === "/" && !/[\w$)\]"'`]$/.test(tokens.at(-1) ?? "") && expression.test(text);
    if (isExpression) pattern.lastIndex = expression.lastIndex;
    tokens.push(isExpression ? "/regular expression/" : token);
  }
  return tokens;
}

function unquoted(token: string): string {
  return quote.test(token) ? token.slice(1, -1).replace(/\\(.)/g, "$1") : token;
}

function valueAt(tokens: readonly string[], start: number, followed: ReadonlySet<string>): Value {
  if (tokens[start] === "{") return finish(tokens, objectAt(tokens, start, followed));
  if (tokens[start] === "-") {
    const { value, end } = valueAt(tokens, start + 1, followed);
    return { value: typeof value === "number" ? -value : computed, end };
  }
  return finish(tokens, { value: simpleValue(tokens, start, followed), end: start + 1 });
}

/** A value that an operator, a call or a property follows is only part of one. */
function finish(tokens: readonly string[], { value, end }: Value): Value {
  return { value: /^[-+*/%?.([&|<>=!]$/.test(tokens[end] ?? "") ? computed : value, end };
}

function simpleValue(tokens: readonly string[], start: number, followed: ReadonlySet<string>): unknown {
  const token = tokens[start] ?? "";
  if (quote.test(token)) return token.startsWith("`") && token.includes("${") ? computed : unquoted(token);
  if (/^\d/.test(token)) return Number(token.replaceAll("_", ""));
  if (/^(true|false|null)$/.test(token)) return JSON.parse(token);
  return word.test(token) ? constantOf(tokens, token, followed) : computed;
}

/** What a constant of the same file is set to. */
function constantOf(tokens: readonly string[], name: string, followed: ReadonlySet<string>): unknown {
  const declared = tokens.findIndex((token, index) => token === name && tokens[index - 1] === "const");
  const assigned = declared === -1 ? -1 : tokens.indexOf("=", declared);
  if (assigned === -1 || followed.has(name)) return computed;
  return valueAt(tokens, assigned + 1, new Set([...followed, name])).value;
}

function objectAt(tokens: readonly string[], start: number, followed: ReadonlySet<string>): Value {
  const value: Record<string, unknown> = {};
  let position = start + 1;
  while (position < tokens.length && tokens[position] !== "}") {
    const key = tokens[position] ?? "";
    const next = tokens[position + 1] ?? "";
    if (key === "...") {
      const spread = valueAt(tokens, position + 1, followed).value;
      // Kept under its own name, so that a reader knows that something may be hidden there.
      Object.assign(value, typeof spread === "object" ? spread : { "...": computed });
    } else if (next === ":") value[unquoted(key)] = valueAt(tokens, position + 2, followed).value;
    else if (next === "," || next === "}") value[key] = constantOf(tokens, key, followed);
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
