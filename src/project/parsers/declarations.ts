import type { Expression, Kind, Node, PlacedNode } from "./code.ts";

/** A name that code declares. */
export interface Declaration {
  readonly name: string;
  /** Where it is declared. */
  readonly id: Node;
  /** The part of the code in which it is known. */
  readonly scope: Node;
  /** What it is set to, of a constant at the top of a file; null for all others, which may have other values by and by. */
  readonly constant: Expression | null;
}

/** The names that a syntax tree declares: variables, parameters, functions, classes and imports. */
export function declarationsIn(nodes: readonly PlacedNode[]): Declaration[] {
  const root = nodes[0]?.node;
  return nodes.flatMap((placed) => {
    const { node, parent } = placed;
    const declare = (id: Node | null | undefined, scope: Node, constant: Expression | null = null): Declaration[] =>
      namesIn(id).map((one) => ({ name: one.name, id: one, scope, constant }));
    if (node.type === "VariableDeclarator" && parent?.node.type === "VariableDeclaration") {
      const { kind } = parent.node;
      const scope = scopeAround(parent, kind === "var" ? functionScope : blockScope);
      const isConstant = kind === "const" && scope === root && node.id.type === "Identifier";
      return declare(node.id, scope, isConstant ? (node.init ?? null) : null);
    }
    const { params, param, local, id } = node as Parts;
    const own = [...(params ?? []), param].flatMap((one) => declare(one, node));
    const names = [local, isDeclaration.test(node.type) ? id : null].flatMap((one) =>
      declare(one, scopeAround(placed, blockScope)),
    );
    return [...own, ...names];
  });
}

/** Where nodes have the names that they declare. */
interface Parts {
  /** Of a function. */
  readonly params?: readonly Node[];
  /** Of `catch`. */
  readonly param?: Node | null;
  /** Of an import. */
  readonly local?: Node;
  /** Of a function or a class. */
  readonly id?: Node | null;
}

const isDeclaration = /^(Function|Class|TSEnum)Declaration$/;
const functionScope = /^(Program|Function\w+|ArrowFunctionExpression|\w+Method|StaticBlock|TSModuleBlock)$/;
const blockScope = new RegExp(`${functionScope.source}|^(BlockStatement|For\\w*Statement|SwitchStatement)$`);

/** The nearest part of the code around a node that keeps names to itself. */
function scopeAround({ node, parent }: PlacedNode, scope: RegExp): Node {
  if (parent === null) return node;
  return scope.test(parent.node.type) ? parent.node : scopeAround(parent, scope);
}

/** The names that are declared by one, by several taken out of an object or a list, and with defaults. */
function namesIn(pattern: Node | null | undefined): Kind<"Identifier">[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern];
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => namesIn(one.type === "ObjectProperty" ? one.value : one));
    case "ArrayPattern":
      return pattern.elements.flatMap(namesIn);
    case "AssignmentPattern":
      return namesIn(pattern.left);
    case "RestElement":
      return namesIn(pattern.argument);
    case "TSParameterProperty":
      return namesIn(pattern.parameter);
    default:
      return [];
  }
}
