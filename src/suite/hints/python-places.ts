import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";

/**
 * What an adapter finds in Python files, names to texts; nothing where no `python3` is there. Uses the suite's own
 * Python: another version may not know the syntax.
 */
export async function pythonPlaces<Place>(
  adapter: string,
  files: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<Place[]> {
  if (files.size === 0) return [];
  const python = spawn("python3", ["-I", adapterPath(adapter)], {
    env: { ...environment },
    stdio: ["pipe", "pipe", "ignore"],
  });
  python.on("error", () => {});
  python.stdin.on("error", () => {});
  python.stdin.end(JSON.stringify(Object.fromEntries(files)));
  return parsed(await text(python.stdout));
}

function parsed<Place>(answer: string): Place[] {
  try {
    const places: unknown = JSON.parse(answer);
    return Array.isArray(places) ? places : [];
  } catch {
    // The `python3` found there printed something else, or nothing.
    return [];
  }
}
