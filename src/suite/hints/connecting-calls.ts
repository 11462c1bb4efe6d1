import { type Kind, type Node, nodesIn, parseCode, withoutTypes, writtenName } from "../../project/parsers/code.ts";

/** A call that connects, as code says it. */
export interface ConnectingCall {
  readonly file: string;
  readonly line: number;
  /** A URL, or libpq's `host=… dbname=…`; null where none is written out. */
  readonly address: string | null;
  /** Null where none is written out. */
  readonly database: string | null;
}

const connecting = new Set([
  "Client",
  "Pool",
  "postgres",
  "knex",
  "Knex",
  "Sequelize",
  "DataSource",
  "createPool",
  "drizzle",
]);

/** The calls in JavaScript or TypeScript that connect to a database; none in what is no code. */
export function connectingCalls(file: string, source: string): ConnectingCall[] {
  const root = parseCode(source);
  if (root === null) return [];
  return nodesIn(root).flatMap(({ node }) => {
    if (node.type !== "NewExpression" && node.type !== "CallExpression") return [];
    const [first] = node.arguments;
    if (first === undefined || !connecting.has(calleeOf(node))) return [];
    return [{ file, line: node.loc?.start.line ?? 1, ...namedIn(first) }];
  });
}

function calleeOf({ callee }: Kind<"CallExpression" | "NewExpression">): string {
  const named = callee.type === "MemberExpression" ? callee.property : callee;
  return named.type === "Identifier" ? named.name : "";
}

/** What the first argument says by itself: a URL, or an object with one or with a database's name. */
function namedIn(argument: Node): Pick<ConnectingCall, "address" | "database"> {
  // `{ … } as ClientConfig`
  const given = withoutTypes(argument);
  if (given.type !== "ObjectExpression") return { address: textOf(given), database: null };
  const named = (name: string): Node | undefined =>
    given.properties
      .filter((member) => member.type === "ObjectProperty")
      .find(({ key, computed }) => writtenName(key, computed) === name)?.value;
  const inner = named("connection");
  if (inner?.type === "ObjectExpression") return namedIn(inner);
  return {
    address: textOf(inner) ?? textOf(named("connectionString")) ?? textOf(named("url")),
    database: textOf(named("database")),
  };
}

function textOf(node: Node | undefined): string | null {
  return node?.type === "StringLiteral" ? node.value : null;
}
