import type { Environment } from "../../shared/world.ts";
import type { ConnectingCall } from "./connecting-calls.ts";
import { pythonPlaces } from "./python-places.ts";

/** A place in code that connects to a hard-coded database instead of the one it was given. */
export interface FixedConnection {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly kind: "server" | "database";
  /** The database's name, where the name is hard-coded. */
  readonly name: string;
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
  const calls = [
    ...(await pythonPlaces<ConnectingCall>("python/fixed_connections.py", ofLanguage(true), environment)),
    ...(await javascriptCalls(ofLanguage(false))),
  ];
  return calls.flatMap(fixedIn);
}

function fixedIn({ file, line, address, database }: ConnectingCall): FixedConnection[] {
  if (address !== null && (/^postgres\w*(\+\w+)?:\/\//.test(address) || /\bhost\s*=/.test(address)))
    return [{ file, line, kind: "server", name: "" }];
  const name = database ?? /\bdbname\s*=\s*([^\s']+)/.exec(address ?? "")?.[1] ?? "";
  // Suites that create their own databases connect to this one first.
  return name === "" || name === "postgres" ? [] : [{ file, line, kind: "database", name }];
}

/** The parser is loaded only here: it is large, and what it is for is seldom. */
async function javascriptCalls(files: ReadonlyMap<string, string>): Promise<ConnectingCall[]> {
  if (files.size === 0) return [];
  const { connectingCalls } = await import("./connecting-calls.ts");
  return [...files].flatMap(([file, source]) => connectingCalls(file, source));
}
