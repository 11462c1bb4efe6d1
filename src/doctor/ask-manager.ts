import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { lefthookUse } from "../init/hook/lefthook-entry.ts";
import { runsOurHook } from "../init/hook/manager-entry.ts";
import { configurationOf, type HookManager, readPackageFields } from "../init/hook/managers.ts";
import { packageRunsUs } from "../init/hook/package-entry.ts";
import { preCommitRunsUs } from "../init/hook/pre-commit-entry.ts";
import type { World } from "../shared/world.ts";
import { askScript, type HookAnswer, runAsked } from "./ask-script.ts";

const init = "Run `npx verify init`: it puts the entry in, or says which.";

/** Checks the hook that a manager installed for git. It is run where nothing else runs with it, otherwise only read. */
export async function askManager(
  manager: HookManager,
  path: string,
  repository: Repository,
  world: World,
): Promise<HookAnswer> {
  const { root } = repository;
  // The hook is the configured command itself.
  if (manager === "simple-git-hooks") return await askScript(path, repository, world);
  const fields = readPackageFields(root);
  const file = configurationOf(manager, root, fields);
  if (file === null) {
    return { asked: false, text: `git runs ${manager}, whose configuration is not in this checkout`, remedy: init };
  }
  const text = readFileSync(join(root, file), "utf8");
  if (manager === "lefthook") return await askLefthook(path, { file, text }, root, world);
  if (readEntry(manager, file, text, fields) ?? runsOurHook(text)) {
    return { asked: true, text: `${manager} runs pushproof by ${file} (read, not run)` };
  }
  const legacy = join(dirname(path), "pre-push.legacy");
  if (manager === "pre-commit" && existsSync(legacy) && runsOurHook(readFileSync(legacy, "utf8"))) {
    return { asked: true, text: `pre-commit runs pushproof by ${legacy} (read, not run)` };
  }
  return { asked: false, text: `git runs ${manager}, and ${file} does not run pushproof before a push`, remedy: init };
}

function readEntry(
  manager: "pre-commit" | "husky 4",
  file: string,
  text: string,
  fields: Readonly<Record<string, unknown>> | null,
): boolean | null {
  if (manager === "pre-commit") return preCommitRunsUs(text);
  const husky = file === "package.json" ? (fields?.husky as { hooks?: unknown }) : null;
  return husky === null ? null : packageRunsUs(husky.hooks);
}

/** Runs lefthook's hook with our job only. */
async function askLefthook(
  path: string,
  { file, text }: { file: string; text: string },
  root: string,
  { environment }: World,
): Promise<HookAnswer> {
  const use = lefthookUse(file, text);
  if (use === undefined) {
    return { asked: false, text: `git runs lefthook, and ${file} does not run pushproof before a push`, remedy: init };
  }
  if (use?.isSkipped) {
    return {
      asked: false,
      text: `${file} runs pushproof by "run", which lefthook skips where HEAD has no changes that its upstream lacks, whatever is pushed`,
      remedy: "Run `npx verify init`: it makes a script of it, which lefthook never skips.",
    };
  }
  const read: HookAnswer = { asked: true, text: `lefthook runs pushproof by ${file} (read, not run)` };
  if (use === null || use.job === null) return read;
  const { isAsked, output } = await runAsked([path, "--job", use.job], root, environment);
  if (isAsked) return { asked: true, text: `lefthook runs pushproof by ${file}` };
  // lefthook before version 2 lacks this option.
  if (/unknown flag|not defined/i.test(output)) return read;
  const said = output.trim().split("\n").at(-1) ?? "";
  return {
    asked: false,
    text: `git runs lefthook, which does not get to "${use.job}" in ${file}${said === "" ? "" : `; it says: ${said}`}`,
    remedy: "Run that hook by hand to see why: `npx lefthook run pre-push`.",
  };
}
