import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

/** How long evaluating a configuration program may take, in milliseconds. */
const patience = 60_000;

/** Runs in its own process. Values that copying would lose are rejected: functions, and instances of classes. */
const script = `
import { types } from "node:util";
const say = (answer) => process.send(answer, () => process.disconnect());
const lost = (value, path, outer = []) => {
  if (typeof value === "function" || typeof value === "symbol") return path + " is a " + typeof value;
  if (typeof value !== "object" || value === null) return null;
  // Copying runs a getter, which is a value like any other; a proxy cannot be copied.
  if (types.isProxy(value)) return path + " is a proxy: export the plain value";
  if (outer.includes(value)) return path + " leads back to itself";
  if (outer.length > 100) return "what it exports is nested without end";
  const prototype = Object.getPrototypeOf(value);
  if (![null, Object.prototype, Array.prototype].includes(prototype)) return path + " is not a plain object";
  for (const [key, inner] of Object.entries(value)) {
    const found = lost(inner, path === "what it exports" ? '"' + key + '"' : path.slice(0, -1) + "." + key + '"', [...outer, value]);
    if (found) return found;
  }
  return null;
};
try {
  const { default: exported } = await import(process.argv[1]);
  const value = await exported;
  const error = lost(value, "what it exports");
  say(error === null ? { value } : { error });
} catch (error) {
  const message = () => {
    try {
      return String(error?.message ?? ("it threw " + String(error)));
    } catch {
      return "it threw something without a message";
    }
  };
  say({ error: message() });
}
`;

type Answer = { readonly value: unknown } | { readonly error: string };

/**
 * The default export of a JavaScript or TypeScript file. It runs in its own process, so that nothing it does (exiting,
 * changing globals) affects the verdict. Its output goes to standard error. Throws an Error with the cause where there
 * is no value.
 */
export async function runConfiguration(path: string): Promise<unknown> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script, pathToFileURL(path).href], {
    stdio: ["ignore", 2, 2, "ipc"],
    serialization: "advanced",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  let answer: Answer | undefined;
  child.once("message", (message) => {
    answer = message as Answer;
    // Whatever the file leaves running is not waited for.
    child.kill("SIGKILL");
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...end) => resolve(end));
  }).finally(() => clearTimeout(timer));
  if (answer !== undefined && "value" in answer) return answer.value;
  throw new Error(answer?.error ?? howItEnded(code, signal));
}

/** How the process ended without a value. */
function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGKILL") return `it took longer than ${patience / 1000} s`;
  if (signal !== null) return `its process was ended by ${signal}`;
  // Node's exit code for a top-level await that never settles.
  if (code === 13) return "it waits for something that never happens";
  return `it ended its process (exit code ${code}) before it gave its configuration`;
}
