import { setJsonString } from "../edit/json.ts";
import { type HookTarget, hookFile } from "./file.ts";
import { type ManagerEntry, runsOurHook } from "./manager-entry.ts";

/**
 * The entry for simple-git-hooks, whose command becomes the hook: `path` is package.json or its own file. An existing
 * command runs after ours and still gets git's lines.
 */
export function simpleGitHooksEntry(path: string, text: string, target: HookTarget): ManagerEntry {
  const command = `sh ${target.script} "$@"`;
  const entry = [`"pre-push": ${JSON.stringify(command)}`];
  if (!path.endsWith(".json")) return { text: runsOurHook(text) ? text : null, entry, warnings: [] };
  const fields = JSON.parse(text);
  const hooks = path === "package.json" ? fields["simple-git-hooks"] : fields;
  const existing = hooks["pre-push"];
  if (runsOurHook(existing)) return { text, entry, warnings: [] };
  const joined =
    typeof existing === "string" && existing.trim() !== ""
      ? hookFile(existing, { ...target, install: null }).trimEnd()
      : command;
  const at = path === "package.json" ? ["simple-git-hooks", "pre-push"] : ["pre-push"];
  return { text: setJsonString(text, at, joined), entry, warnings: [] };
}

/** The entry for husky before version 5, which passes git's lines and arguments in variables. */
export function husky4Entry(path: string, text: string, { script }: HookTarget): ManagerEntry {
  const command = `sh ${script} $HUSKY_GIT_PARAMS`;
  const entry = [`"pre-push": ${JSON.stringify(command)}`];
  const isPackage = path === "package.json";
  if (!isPackage && !path.endsWith(".json")) return { text: runsOurHook(text) ? text : null, entry, warnings: [] };
  const fields = JSON.parse(text);
  const existing = (isPackage ? fields.husky.hooks : fields.hooks)?.["pre-push"];
  if (runsOurHook(existing)) return { text, entry, warnings: [] };
  const joined = typeof existing === "string" && existing.trim() !== "" ? `${command} && (${existing})` : command;
  const at = isPackage ? ["husky", "hooks", "pre-push"] : ["hooks", "pre-push"];
  return { text: setJsonString(text, at, joined), entry, warnings: [] };
}

/** Whether a JSON configuration of simple-git-hooks or husky 4 runs our hook before a push. */
export function packageRunsUs(hooks: unknown): boolean {
  return typeof hooks === "object" && hooks !== null && runsOurHook((hooks as Record<string, unknown>)["pre-push"]);
}
