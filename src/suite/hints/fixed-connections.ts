import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { ParserPlugin } from "@babel/parser";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";

/** Where code connects to a database that it names itself, in place of one that it was given. */
export interface FixedConnection {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly kind: "server" | "database";
  /** The database's name, where that is what is fixed. */
  readonly name: string;
}

/** A call that connects, as code says it. */
interface Call {
  readonly file: string;
  readonly line: number;
  /** A URL, or libpq's `host=… dbname=…`; null where none is written out. */
  readonly address: string | null;
  /** Null where none is written out. */
  readonly database: string | null;
}

/**
 * The places where code of a language connects to what it names itself: `files` are texts by name. The code is parsed, so that a
 * variable is not taken for a name, nor a URL that is only looked at for one that is opened. What cannot be parsed says nothing.
 */
export async function fixedConnections(
  files: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<FixedConnection[]> {
  const ofLanguage = (isPython: boolean): Map<string, string> =>
    new Map([...files].filter(([file]) => file.endsWith(".py") === isPython));
  const calls = [...(await pythonCalls(ofLanguage(true), environment)), ...(await javascriptCalls(ofLanguage(false)))];
  return calls.flatMap(fixedIn);
}

function fixedIn({ file, line, address, database }: Call): FixedConnection[] {
  if (address !== null && (/^postgres\w*(\+\w+)?:\/\//.test(address) || /\bhost\s*=/.test(address)))
    return [{ file, line, kind: "server", name: "" }];
  const name = database ?? /\bdbname\s*=\s*([^\s']+)/.exec(address ?? "")?.[1] ?? "";
  // Where every suite goes that makes its own databases.
  return name === "" || name === "postgres" ? [] : [{ file, line, kind: "database", name }];
}

/** The suite's own Python reads it: another version may not know the syntax. */
async function pythonCalls(files: ReadonlyMap<string, string>, environment: Environment): Promise<Call[]> {
  if (files.size === 0) return [];
  const python = spawn("python3", ["-I", adapterPath("fixed_connections.py")], {
    env: { ...environment },
    stdio: ["pipe", "pipe", "ignore"],
  });
  python.on("error", () => {});
  python.stdin.on("error", () => {});
  python.stdin.end(JSON.stringify(Object.fromEntries(files)));
  return parsed(await text(python.stdout));
}

function parsed(answer: string): Call[] {
  try {
    const calls: unknown = JSON.parse(answer);
    return Array.isArray(calls) ? calls : [];
  } catch {
    // Whatever is called python3 there said something else, or nothing.
    return [];
  }
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

/** Loaded only here: what it is for is seldom. */
async function javascriptCalls(files: ReadonlyMap<string, string>): Promise<Call[]> {
  if (files.size === 0) return [];
  const { parse } = await import("@babel/parser");
  return [...files].flatMap(([file, source]) => {
    try {
      const plugins: ParserPlugin[] = ["typescript", "jsx"];
      return callsIn(file, parse(source, { sourceType: "unambiguous", errorRecovery: true, plugins }).program);
    } catch {
      return [];
    }
  });
}

/** A node of a syntax tree, as far as it is looked at. */
interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function callsIn(file: string, tree: unknown): Call[] {
  const found: Call[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (value.type === "NewExpression" || value.type === "CallExpression") {
      const [first] = value.arguments as unknown[];
      const line = (value.loc as { start: { line: number } }).start.line;
      if (connecting.has(calleeOf(value)) && isNode(first)) found.push({ file, line, ...namedIn(first) });
    }
    for (const [key, inner] of Object.entries(value)) if (key !== "loc") visit(inner);
  };
  visit(tree);
  return found;
}

function calleeOf({ callee }: Node): string {
  if (!isNode(callee)) return "";
  const named = callee.type === "MemberExpression" ? callee.property : callee;
  return isNode(named) ? String(named.name ?? "") : "";
}

/** What the first argument says by itself: a URL, or an object with one or with a database's name. */
function namedIn(argument: Node): Pick<Call, "address" | "database"> {
  // `{ … } as ClientConfig`
  if (isNode(argument.expression)) return namedIn(argument.expression);
  if (argument.type !== "ObjectExpression") return { address: textOf(argument), database: null };
  const properties = (argument.properties as Node[]).filter(({ type }) => type === "ObjectProperty");
  const named = (name: string): unknown => properties.find(({ key }) => isNode(key) && key.name === name)?.value;
  const inner = named("connection");
  if (isNode(inner) && inner.type === "ObjectExpression") return namedIn(inner);
  return {
    address: textOf(inner) ?? textOf(named("connectionString")) ?? textOf(named("url")),
    database: textOf(named("database")),
  };
}

function textOf(node: unknown): string | null {
  return isNode(node) && node.type === "StringLiteral" ? String(node.value) : null;
}
