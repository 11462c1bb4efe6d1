import { readProjectFile } from "./read-project-file.ts";

/** Whether arguments for a command need `--` first: npm and moon require it; pnpm, yarn and bun do not. */
export function isPackageScript(command: string): boolean {
  const isScript = /(^|[;&|]\s*)\s*(npm\s+(test|t|run|run-script)|(npx\s+)?moon\s+(run|r))\b[^;&|]*$/.test(command);
  return isScript && !/\s--(\s|$)/.test(command);
}

/** A command and all scripts of that directory's package.json that it calls, transitively. */
export function withScripts(command: string, directory: string): string[] {
  const all = [command];
  const calls = /(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?([\w:.-]+)/g;
  // Grows during the loop; each script is added once.
  for (const words of all) {
    for (const [call] of words.matchAll(calls)) {
      const script = scriptOf(call.trim().replace(/^[;&|(]/, ""), directory);
      if (script !== "" && !all.includes(script)) all.push(script);
    }
  }
  return all;
}

/** The script behind `npm test` and similar, from that directory's package.json; empty without one. */
export function scriptOf(command: string, directory: string): string {
  const called = /(?:^|[;&|]\s*)\s*(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?([\w:.-]+)/.exec(command)?.[1];
  if (called === undefined) return "";
  try {
    const { scripts } = JSON.parse(readProjectFile(directory, "package.json") ?? "{}");
    return String(scripts?.[called === "t" ? "test" : called] ?? "");
  } catch {
    return "";
  }
}

/** A step of a shell command without variable assignments. */
export function withoutAssignments(step: string): string {
  return step.trim().replace(/^(?:(?:cross-env|env)\s+)?(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)*/, "");
}
