import { type ParserOptions, type ParserPlugin, parse, parseExpression } from "@babel/parser";

/*
 * The syntax of JavaScript, TypeScript and JSON. The parser is large: where most runs come by and few need it, import this
 * file, and those that do, when code is at hand.
 */

type Program = ReturnType<typeof parse>["program"];
type Statement = Program["body"][number];
export type Expression = Extract<Statement, { readonly type: "ExpressionStatement" }>["expression"];
type ObjectMember = Extract<Expression, { readonly type: "ObjectExpression" }>["properties"][number];
type Property = Extract<ObjectMember, { readonly type: "ObjectProperty" }>;
type Declarator = Extract<Statement, { readonly type: "VariableDeclaration" }>["declarations"][number];
type Target = Extract<Expression, { readonly type: "AssignmentExpression" }>["left"];
type Argument = Extract<Expression, { readonly type: "NewExpression" }>["arguments"][number];
type Parameter = Extract<Statement, { readonly type: "FunctionDeclaration" }>["params"][number];

/** A node of a syntax tree: these kinds are looked at, and there are more. */
export type Node =
  | Program
  | Statement
  | Expression
  | ObjectMember
  | Property["key" | "value"]
  | Declarator
  | Declarator["id"]
  | Target
  | Argument
  | Parameter;

/** The node of one kind, such as `ObjectExpression`. */
export type Kind<Type extends Node["type"]> = Extract<Node, { readonly type: Type }>;

/** A node, and what it is part of. */
export interface PlacedNode {
  readonly node: Node;
  /** Null at the root. */
  readonly parent: PlacedNode | null;
}

/** What is no type parameter may be a tag, and the other way round. */
const dialects: readonly ParserPlugin[][] = [["typescript", "jsx"], ["typescript"]];

/**
 * The syntax tree of a text: an expression where it is one, as JSON is, else a program. Null where it is neither. What is against
 * the rules and can be read all the same, such as a name that is declared twice, is.
 */
export function parseCode(text: string): Node | null {
  const attempts = dialects.flatMap((plugins) => {
    const options: ParserOptions = { sourceType: "unambiguous", errorRecovery: true, attachComment: false, plugins };
    return [(): Node => parseExpression(text, options), (): Node => parse(text, options).program];
  });
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch {
      // The next one may understand it.
    }
  }
  return null;
}

/** A node and all that it is made of, each before its parts. */
export function nodesIn(root: Node): PlacedNode[] {
  const found: PlacedNode[] = [];
  const visit = (value: unknown, parent: PlacedNode | null): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, parent);
    if (!isNode(value)) return;
    const placed = { node: value, parent };
    found.push(placed);
    for (const part of Object.values(value)) visit(part, placed);
  };
  visit(root, null);
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** What is written for a value, without the types and parentheses around it: `{ … } as const` is the object. */
export function withoutTypes(node: Node): Node {
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSTypeAssertion":
    case "TSNonNullExpression":
    case "ParenthesizedExpression":
      return withoutTypes(node.expression);
    default:
      return node;
  }
}

/** The name of a member or property that code writes out, as an identifier, a string or a number; null for any other. */
export function writtenName(key: Node, isComputed: boolean): string | null {
  if (key.type === "Identifier") return isComputed ? null : key.name;
  return key.type === "StringLiteral" || key.type === "NumericLiteral" ? String(key.value) : null;
}
