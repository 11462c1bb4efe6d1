import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { ParserPlugin } from "@babel/parser";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";

/** A place in code that connects to a hard-coded database instead of the one it was given. */
export interface FixedConnection {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly kind: "server" | "database";
  /** The database's name, where the name is hard-coded. */
  readonly name: string;
}

/** A call that opens a connection, as written in code. */
interface Call {
  readonly file: string;
  readonly line: number;
  /** A URL, or libpq's `host=… dbname=…`; null where no literal is passed. */
  readonly address: string | null;
  /** Null where no literal is passed. */
  readonly database: string | null;
}

/**
 * Finds calls that connect to a hard-coded database; `files` maps names to texts. The code is parsed, so that variables
 * are not mistaken for names, nor unused URLs for connections. Files that cannot be parsed are skipped.
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
  // Suites that create their own databases connect to this one first.
  return name === "" || name === "postgres" ? [] : [{ file, line, kind: "database", name }];
}

/** Uses the suite's own Python: another version may not know the syntax. */
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
    // The `python3` found there printed something else, or nothing.
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

/** Imported lazily, as it is rarely needed. */
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

/** The fields of a syntax tree node that are read here. */
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

/** The database that the first argument names: a URL, or an object with a URL or a database name. */
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
