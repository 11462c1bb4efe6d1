import { existsSync, readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Repository } from "../git/repository.ts";
import { hasBlock } from "../init/hook/file.ts";
import { runsOurHook } from "../init/hook/manager-entry.ts";
import { isShim } from "../init/hook/shim.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import { withOwnedDirectory } from "../shared/owned-directory.ts";
import { packageRoot } from "../shared/paths.ts";
import type { Environment, World } from "../shared/world.ts";

/** Whether the hook that git executes reaches pushproof, with an explanation. */
export interface HookAnswer {
  readonly asked: boolean;
  readonly text: string;
  readonly remedy?: string;
}

const init = "Run `npx verify init`: it puts the hook in, or says how.";
/** How long a hook may take to reach us, in milliseconds. */
const patience = 20_000;

/**
 * Checks a hook that is a script, including husky's. Runs it where pushproof comes first, as pushproof then stops at
 * once and nothing else runs; other scripts are only read.
 */
export async function askScript(path: string, { root }: Repository, { environment }: World): Promise<HookAnswer> {
  const shown = shownPath(root, path);
  const text = readFileSync(path, "utf8");
  const next = isHuskys(text) || isShim(text) ? join(dirname(dirname(path)), "pre-push") : null;
  if (next !== null && !existsSync(next) && !isShim(text)) {
    return {
      asked: false,
      text: `${shownPath(root, next)} is not in this checkout, and husky lets every push pass where it is missing`,
      remedy: "Run `npx verify prepare`: from then on pushproof is asked here too.",
    };
  }
  const script = next !== null && existsSync(next) ? next : path;
  const name = shownPath(root, script);
  const content = readFileSync(script, "utf8");
  const way = script === path ? name : `${shown}, then ${name},`;
  if (isOurs(script) || isShim(content)) return await run(path, shown, root, environment);
  // husky runs the repository's file with `sh -e`.
  const order = orderOf(content, script === next);
  if (order === "never" && isShim(text)) return await run(path, shown, root, environment);
  switch (order) {
    case "first":
      return await run(path, name, root, environment);
    case "later":
      return { asked: true, text: `${way} runs pushproof after other commands (read, not run)` };
    case "ignored":
      return {
        asked: false,
        text: `${name} runs pushproof and goes on where it fails`,
        remedy: "Put `|| exit $?` behind that command.",
      };
    case "never":
      return {
        asked: false,
        text: `git runs ${way.replace(/,$/, "")}, and nothing in it runs pushproof`,
        remedy: init,
      };
  }
}

async function run(path: string, name: string, root: string, environment: Environment): Promise<HookAnswer> {
  const { isAsked, output } = await runAsked([path, "origin", "url"], root, environment);
  if (isAsked) return { asked: true, text: `${name} runs pushproof` };
  const off = environment.HUSKY === "0" ? " HUSKY=0 is set." : "";
  const said = output.trim().split("\n").at(-1) ?? "";
  return {
    asked: false,
    text: `git runs ${name}, which does not get to pushproof.${off}${said === "" ? "" : ` It says: ${said}`}`,
    remedy: init,
  };
}

/** Runs a hook in a mode in which pushproof only reports that it was reached. */
export async function runAsked(
  command: readonly [string, ...string[]],
  root: string,
  environment: Environment,
): Promise<{ isAsked: boolean; output: string }> {
  return await withOwnedDirectory(environment, async (directory) => {
    const file = join(directory, "answer");
    const asked = { directory: root, environment: { ...environment, PUSHPROOF_ASKED: file }, timeout: patience };
    const { output } = await runProgram(command, asked);
    const answer = await readFile(file, "utf8").catch(() => "");
    return { isAsked: answer === "asked\n", output };
  });
}

function isHuskys(text: string): boolean {
  return /^\. "\$\(dirname "\$0"\)\/h"$/m.test(text);
}

/** Whether a file is our hooks/pre-push: a link to it, or in one of our packages that `core.hooksPath` names. */
function isOurs(path: string): boolean {
  const real = realpathSync(path);
  return real === join(packageRoot, "hooks/pre-push") || real.endsWith("/pushproof/hooks/pre-push");
}

/** When a shell script runs our hook: first, later, with its exit code ignored, or never. */
function orderOf(text: string, stopsAtFailure: boolean): "first" | "later" | "ignored" | "never" {
  if (hasBlock(text) && text.slice(0, text.indexOf("# >>> pushproof")).split("\n").every(isIdle)) return "first";
  if (hasBlock(text)) return "later";
  const lines = text.split("\n").filter((line) => !isIdle(line));
  const position = lines.findIndex((line) => runsOurHook(line) || /^\s*(exec )?(sh )?hooks\/pre-push\b/.test(line));
  const line = lines[position];
  if (line === undefined || lines.slice(0, position).some((earlier) => /^(exit|exec)\b/.test(earlier))) return "never";
  const isMinded =
    stopsAtFailure ||
    position === lines.length - 1 ||
    /\|\|\s*(exit|return)\b|^\s*exec\b|&&\s*\\?$/.test(line) ||
    lines.slice(0, position).some((earlier) => /^\s*set\s+-\w*e/.test(earlier));
  if (!isMinded) return "ignored";
  return lines.slice(0, position).every((earlier) => /^\s*set\s/.test(earlier)) ? "first" : "later";
}

/** Comments, and the line with which husky before version 9 starts itself. */
function isIdle(line: string): boolean {
  return /^\s*(#|$)/.test(line) || /^\s*\.\s.*_\/husky\.sh/.test(line);
}

/** A path as it is displayed for this checkout. */
export function shownPath(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? relative(root, path) : path;
}
