import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";
import type { ConnectingCall } from "./connecting-calls.ts";

/** Where code connects to a database that it names itself, in place of one that it was given. */
export interface FixedConnection {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly kind: "server" | "database";
  /** The database's name, where that is what is fixed. */
  readonly name: string;
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

function fixedIn({ file, line, address, database }: ConnectingCall): FixedConnection[] {
  if (address !== null && (/^postgres\w*(\+\w+)?:\/\//.test(address) || /\bhost\s*=/.test(address)))
    return [{ file, line, kind: "server", name: "" }];
  const name = database ?? /\bdbname\s*=\s*([^\s']+)/.exec(address ?? "")?.[1] ?? "";
  // Where every suite goes that makes its own databases.
  return name === "" || name === "postgres" ? [] : [{ file, line, kind: "database", name }];
}

/** The suite's own Python reads it: another version may not know the syntax. */
async function pythonCalls(files: ReadonlyMap<string, string>, environment: Environment): Promise<ConnectingCall[]> {
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

function parsed(answer: string): ConnectingCall[] {
  try {
    const calls: unknown = JSON.parse(answer);
    return Array.isArray(calls) ? calls : [];
  } catch {
    // Whatever is called python3 there said something else, or nothing.
    return [];
  }
}

/** The parser is loaded only here: it is large, and what it is for is seldom. */
async function javascriptCalls(files: ReadonlyMap<string, string>): Promise<ConnectingCall[]> {
  if (files.size === 0) return [];
  const { connectingCalls } = await import("./connecting-calls.ts");
  return [...files].flatMap(([file, source]) => connectingCalls(file, source));
}
