import { type Kind, type Node, nodesIn, type PlacedNode, parseCode, writtenName } from "../../project/parsers/code.ts";

/** What makes the tables of SQLAlchemy, Sequelize or TypeORM before each test. */
export interface SchemaFixture {
  /** Relative to the repository's root. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** A fixture's name, that of a class with setUp and tearDown, or of the hook of a JavaScript runner. */
  readonly name: string;
}

/**
 * The hooks `beforeEach` in JavaScript or TypeScript that make all tables anew: `sync({ force: true })` of a Sequelize, not of one
 * model, or `synchronize(true)` of a TypeORM. None in what is no code.
 */
export function schemaCalls(file: string, source: string): SchemaFixture[] {
  const root = parseCode(source);
  if (root === null) return [];
  const hooks = nodesIn(root).flatMap((placed) => (makesTables(placed.node) ? (hookAround(placed) ?? []) : []));
  return [...new Set(hooks)].map((hook) => ({ file, line: hook.loc?.start.line ?? 1, name: nameOf(hook.callee) }));
}

function makesTables(node: Node): boolean {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return false;
  const { object } = node.callee;
  const [first] = node.arguments;
  if (nameOf(node.callee) === "synchronize") return first?.type === "BooleanLiteral" && first.value;
  // A model is named as a class is.
  if (nameOf(node.callee) !== "sync" || /^[A-Z]/.test(nameOf(object))) return false;
  return first?.type === "ObjectExpression" && first.properties.some(isForce);
}

function isForce(member: Node): boolean {
  if (member.type !== "ObjectProperty" || writtenName(member.key, member.computed) !== "force") return false;
  return member.value.type === "BooleanLiteral" && member.value.value;
}

/** The call of `beforeEach` that code is part of. */
function hookAround(placed: PlacedNode): Kind<"CallExpression"> | null {
  for (let { parent } = placed; parent !== null; parent = parent.parent) {
    if (parent.node.type === "CallExpression" && nameOf(parent.node.callee) === "beforeEach") return parent.node;
  }
  return null;
}

/** The last name of `name` or `object.name`. */
function nameOf(node: Node | Kind<"CallExpression">["callee"]): string {
  if (node.type === "MemberExpression") return writtenName(node.property, node.computed) ?? "";
  return node.type === "Identifier" ? node.name : "";
}
