import { isDeepStrictEqual } from "node:util";
import {
  type Expression,
  type Kind,
  type Node,
  nodesIn,
  type PlacedNode,
  parseCode,
  withoutTypes,
  writtenName,
} from "./code.ts";
import { type Declaration, declarationsIn } from "./declarations.ts";
import { computed } from "./loose-values.ts";

/** A text of JavaScript, TypeScript or JSON, taken apart. */
interface Source {
  readonly text: string;
  readonly nodes: readonly PlacedNode[];
  readonly declarations: readonly Declaration[];
}

/**
 * The value of a key, or of a constant of that name, in a JavaScript, TypeScript or JSON text: a string, number,
 * boolean, null or an object of these; `computed` for anything else or where values differ, undefined where the key
 * does not occur. The text is never run: top-level constants of the file are resolved, imports and computed values are
 * not.
 */
export function literalOf(text: string, key: string): unknown {
  const source = sourceOf(text);
  return source === null ? unreadable(text, key) : theOnly(writtenFor(source, key));
}

/** `literalOf` for a key within the object of a parent key; the same key elsewhere is ignored. */
export function literalUnder(text: string, parent: string, key: string): unknown {
  const source = sourceOf(text);
  if (source === null) return unreadable(text, key);
  const parents = writtenFor(source, parent);
  const assigned = assignedTo(source, key).flatMap(({ to, value }) =>
    nameOfTarget(to.object) === parent ? [literalAt(source, value)] : [],
  );
  // Without the parent in sight, what bears the name may be meant, and may not.
  if (parents.length + assigned.length === 0) return writtenFor(source, key).length === 0 ? undefined : computed;
  return theOnly([...parents.map((value) => memberOf(value, key)), ...assigned]);
}

/** The object that a JSON text is, or that a module's text exports; `computed` where it is worked out. */
export function exportedLiteral(text: string): unknown {
  const source = sourceOf(text);
  const root = source?.nodes[0]?.node;
  if (source === null || root === undefined) return computed;
  if (root.type === "ObjectExpression") return literalAt(source, root);
  const [exported] = source.nodes.flatMap(({ node }) => {
    if (node.type === "ExportDefaultDeclaration") return [node.declaration];
    if (node.type === "TSExportAssignment") return [node.expression];
    return node.type === "AssignmentExpression" && nameOfTarget(node.left) === "exports" ? [node.right] : [];
  });
  return exported === undefined ? computed : literalAt(source, exported);
}

/**
 * The strings in the lists that are written for a key, in the object that is written for another where one is given; of a
 * template, what is written between its quotes.
 */
export function listedFor(text: string, parent: string | null, key: string): string[] {
  const source = sourceOf(text);
  return (source?.nodes ?? []).flatMap((placed) => {
    const { node } = placed;
    if (node.type !== "ObjectProperty" || nameOf(node) !== key) return [];
    const list = withoutTypes(node.value);
    if (list.type !== "ArrayExpression" || (parent !== null && nameOfHolder(placed.parent) !== parent)) return [];
    return nodesIn(list).flatMap(({ node: inner }) => {
      if (inner.type === "StringLiteral") return [inner.value];
      return inner.type === "TemplateLiteral" ? [text.slice((inner.start ?? 0) + 1, (inner.end ?? 0) - 1)] : [];
    });
  });
}

function sourceOf(text: string): Source | null {
  const root = parseCode(text);
  if (root === null) return null;
  const nodes = nodesIn(root);
  return { text, nodes, declarations: declarationsIn(nodes) };
}

/** Of a text that is no code: what it names may be set. */
function unreadable(text: string, key: string): unknown {
  return text.includes(key) ? computed : undefined;
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
function writtenFor(source: Source, key: string): unknown[] {
  const members = source.nodes.flatMap(({ node, parent }) => {
    const isMember = node.type === "ObjectProperty" && parent?.node.type === "ObjectExpression";
    return isMember && nameOf(node) === key ? [literalAt(source, node.value)] : [];
  });
  const values = [...members, ...assignedTo(source, key).map(({ value }) => literalAt(source, value))];
  if (values.length > 0) return values;
  const constant = source.declarations.find(({ name, constant: value }) => name === key && value !== null);
  return constant === undefined ? [] : [literalAt(source, constant.id)];
}

interface Assigned {
  readonly to: Kind<"MemberExpression">;
  readonly value: Expression;
}

/** What is assigned to the members of a name: `config.coverage = …`. */
function assignedTo({ nodes }: Source, key: string): Assigned[] {
  return nodes.flatMap(({ node }) => {
    if (node.type !== "AssignmentExpression" || node.operator !== "=") return [];
    const { left, right } = node;
    return left.type === "MemberExpression" && nameOfTarget(left) === key ? [{ to: left, value: right }] : [];
  });
}

/** The name of a variable, or of the member that is meant of an object. */
function nameOfTarget(target: Node): string | null {
  if (target.type === "Identifier") return target.name;
  return target.type === "MemberExpression" ? writtenName(target.property as Node, target.computed) : null;
}

function nameOf(member: Kind<"ObjectProperty">): string | null {
  return member.computed ? null : writtenName(member.key, false);
}

/** The name of the member or variable that an object is written for. */
function nameOfHolder(object: PlacedNode | null): string | null {
  const holder = object?.parent;
  if (!holder) return null;
  const { node } = holder;
  if (node.type === "ObjectProperty") return nameOf(node);
  if (node.type === "VariableDeclarator") return nameOfTarget(node.id);
  if (node.type === "AssignmentExpression") return nameOfTarget(node.left);
  return withoutTypes(node) === node ? null : nameOfHolder(holder);
}

/** What an expression is; `followed` holds the names of the constants that led to it. */
function literalAt(source: Source, written: Node, followed: ReadonlySet<string> = new Set()): unknown {
  const node = withoutTypes(written);
  switch (node.type) {
    case "ObjectExpression":
      return objectOf(source, node, followed);
    case "StringLiteral":
    case "NumericLiteral":
    case "BooleanLiteral":
      return node.value;
    case "NullLiteral":
      return null;
    case "TemplateLiteral":
      return node.expressions.length > 0 ? computed : node.quasis.map(({ value }) => value.cooked).join("");
    case "UnaryExpression": {
      const value = node.operator === "-" ? literalAt(source, node.argument, followed) : null;
      return typeof value === "number" ? -value : computed;
    }
    case "Identifier":
      return constantOf(source, node, followed);
    default:
      return computed;
  }
}

/** What the constant of the file that a name stands for is set to; `computed` where it may be another of the same name. */
function constantOf(source: Source, used: Kind<"Identifier">, followed: ReadonlySet<string>): unknown {
  const { name } = used;
  const inSight = source.declarations.filter((declared) => declared.name === name && isWithin(used, declared.scope));
  const [declared] = inSight;
  if (!declared?.constant || inSight.length !== 1 || followed.has(name)) return computed;
  return literalAt(source, declared.constant, new Set([...followed, name]));
}

function isWithin(inner: Node, outer: Node): boolean {
  return (outer.start ?? 0) <= (inner.start ?? 0) && (inner.end ?? 0) <= (outer.end ?? 0);
}

function objectOf(source: Source, { properties }: Kind<"ObjectExpression">, followed: ReadonlySet<string>): unknown {
  const entries = properties.flatMap((member): [string, unknown][] => {
    if (member.type === "SpreadElement") {
      const spread = literalAt(source, member.argument, followed);
      // Kept under its own name, so that a reader knows that something may be hidden there.
      return typeof spread === "object" ? Object.entries(spread ?? {}) : [["...", computed]];
    }
    // Methods are no values.
    if (member.type === "ObjectMethod") return [];
    const { key } = member;
    const name = nameOf(member);
    // Kept under what is written, so that a reader can tell which key could not be read.
    if (name === null) return [[`[${source.text.slice(key.start ?? 0, key.end ?? 0)}]`, computed]];
    return [[name, literalAt(source, member.value as Node, followed)]];
  });
  return Object.fromEntries(entries);
}
