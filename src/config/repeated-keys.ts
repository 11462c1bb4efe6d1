/** An open object or list in a JSON text. */
interface Open {
  /** Null for a list. */
  readonly keys: Set<string> | null;
  /** The key or index of the current value. */
  at: PropertyKey;
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * Finds keys that an object of a JSON text has twice, one at a time: all but the last would be ignored silently. The text
 * must be valid JSON. A hostile one has so many, so deep, that a list of all their paths fills the memory.
 */
export function* repeatedKeys(text: string): Generator<readonly PropertyKey[]> {
  const open: Open[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(tokens)) {
    const inside = open.at(-1);
    if (token === "{" || token === "[") open.push({ keys: token === "{" ? new Set() : null, at: 0 });
    else if (token === "}" || token === "]") open.pop();
    else if (token === "," && inside?.keys === null) inside.at = Number(inside.at) + 1;
    else if (isKey && inside?.keys && token !== ",") {
      const key: string = JSON.parse(token);
      inside.at = key;
      if (inside.keys.has(key)) yield open.map(({ at }) => at);
      inside.keys.add(key);
    }
    isKey = token === "{" || (token === "," && Boolean(inside?.keys));
  }
}
