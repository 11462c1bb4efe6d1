import { type Document, isAlias, isNode, isPair, LineCounter, type Node, parseDocument, visit } from "yaml";

/** A place in a file; both numbers begin at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML file with its document, by which a value's place is found. */
export interface YamlSource {
  /** Relative to the repository's root. */
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  /** The plain value of the whole file; null where it is no valid YAML. */
  readonly value: unknown;
  placeOf(offset: number): Place;
}

/** The way to a value: keys and indexes from the top. */
export type Path = readonly (string | number)[];

/** Reads a YAML text; one with mistakes has them in `document.errors`, and no value. */
export function readYaml(file: string, text: string): YamlSource {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true });
  return {
    file,
    text,
    document,
    value: document.errors.length > 0 ? null : plainValue(document),
    placeOf: (offset) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

/** Aliases without an anchor, or too many of them, make no value. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    return null;
  }
}

/** The node of a value; null where the path leads nowhere. */
export function nodeAt({ document }: YamlSource, path: Path): Node | null {
  const node = document.getIn(path, true);
  return isNode(node) ? node : null;
}

/** Where a value begins; the file's first character where the path leads nowhere. */
export function placeAt(source: YamlSource, path: Path): Place {
  return source.placeOf(nodeAt(source, path)?.range?.[0] ?? 0);
}

/** Where the key of a pair in a map begins. */
export function keyPlace(source: YamlSource, path: Path): Place {
  const map = nodeAt(source, path.slice(0, -1)) as { items?: readonly unknown[] } | null;
  const pair = map?.items?.find((one) => isPair(one) && String(one.key) === String(path.at(-1)));
  const key = isPair(pair) && isNode(pair.key) ? pair.key : null;
  return key?.range ? source.placeOf(key.range[0]) : placeAt(source, path);
}

/** Whether a value, or one that it stands in, is an alias or has an anchor: then other places of the file share it. */
export function isShared(source: YamlSource, path: Path): boolean {
  const above = path.map((_, length) => nodeAt(source, path.slice(0, length)));
  if (above.some((node) => node === null || isAlias(node) || hasAnchor(node))) return true;
  const node = nodeAt(source, path);
  if (node === null) return true;
  let isFound = false;
  visit(node, {
    Node: (_key, inner) => {
      if (!isAlias(inner) && !hasAnchor(inner)) return undefined;
      isFound = true;
      return visit.BREAK;
    },
  });
  return isFound;
}

function hasAnchor(node: Node): boolean {
  return "anchor" in node && node.anchor !== undefined;
}
