/** Matches an identifier or keyword. */
export const word = /^[A-Za-z_$]/;
/** Matches the beginning of a string. */
export const quoteMark = /^["'`]/;

/**
 * The tokens of a JavaScript, TypeScript or JSON text, without comments and type declarations, whose members look like
 * those of objects. Strings and regular expressions are single tokens.
 */
export function tokensOf(text: string): string[] {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|[A-Za-z_$][\w$]*|\d[\w.]*|\.\.\.|[^\s]/g;
  const expression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
  const tokens: string[] = [];
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [token] = match;
    if (token.startsWith("//") || token.startsWith("/*")) continue;
    expression.lastIndex = match.index;
    // After a value, a slash divides; otherwise it begins a regular expression.
    const isExpression = token === "/" && !/[\w$)\]"'`]$/.test(tokens.at(-1) ?? "") && expression.test(text);
    if (isExpression) pattern.lastIndex = expression.lastIndex;
    tokens.push(isExpression ? "/regular expression/" : token);
  }
  return withoutTypes(tokens);
}

/** A string's value; other tokens unchanged. */
export function unquoted(token: string): string {
  return quoteMark.test(token) ? token.slice(1, -1).replace(/\\(.)/g, "$1") : token;
}

function withoutTypes(tokens: readonly string[]): string[] {
  const kept: string[] = [];
  for (let position = 0; position < tokens.length; position += 1) {
    const isNamed = word.test(tokens[position + 1] ?? "");
    const isInterface = tokens[position] === "interface" && isNamed;
    const isType =
      tokens[position] === "type" && isNamed && tokens[position + 2] === "=" && tokens[position + 3] === "{";
    const body = isInterface || isType ? tokens.indexOf("{", position) : -1;
    if (body !== -1) position = bracketFrom(tokens, body, 1);
    else kept.push(tokens[position] ?? "");
  }
  return kept;
}

/** The indexes of the brackets around a token; -1 and the number of tokens where there are none. */
export function bracketsAround(
  tokens: readonly string[],
  index: number,
): { readonly open: number; readonly close: number } {
  return { open: bracketFrom(tokens, index, -1), close: bracketFrom(tokens, index, 1) };
}

/** The index of the bracket that closes around a token, or that it opens, in one direction. */
function bracketFrom(tokens: readonly string[], start: number, step: 1 | -1): number {
  const [inner, outer] = step === 1 ? [/^[[{(]$/, /^[\]})]$/] : [/^[\]})]$/, /^[[{(]$/];
  let depth = 0;
  for (let position = start + step; position >= 0 && position < tokens.length; position += step) {
    const token = tokens[position] ?? "";
    if (outer.test(token) && depth === 0) return position;
    if (outer.test(token)) depth -= 1;
    if (inner.test(token)) depth += 1;
  }
  return step === 1 ? tokens.length : -1;
}
