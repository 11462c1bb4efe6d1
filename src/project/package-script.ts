import { readProjectFile } from "./read-project-file.ts";

/** Whether what is added to a command needs `--` in front: npm and moon pass on only what stands behind it; pnpm, yarn and bun all. */
export function isPackageScript(command: string): boolean {
  const isScript = /(^|[;&|]\s*)\s*(npm\s+(test|t|run|run-script)|(npx\s+)?moon\s+(run|r))\b[^;&|]*$/.test(command);
  return isScript && !/\s--(\s|$)/.test(command);
}

/** What a command comes to run: itself, and all scripts of the package.json of that directory that it calls, one by way of another. */
export function withScripts(command: string, directory: string): string[] {
  const all = [command];
  const calls = /(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?([\w:.-]+)/g;
  // Grows while it is gone through; a script that calls itself comes once.
  for (const words of all) {
    for (const [call] of words.matchAll(calls)) {
      const script = scriptOf(call.trim().replace(/^[;&|(]/, ""), directory);
      if (script !== "" && !all.includes(script)) all.push(script);
    }
  }
  return all;
}

/** What the script behind `npm test` and the like runs, as the package.json of that directory says; empty where there is none. */
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

/** A step of a shell command without the variables that are set for it. */
export function withoutAssignments(step: string): string {
  return step.trim().replace(/^(?:(?:cross-env|env)\s+)?(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)*/, "");
}
