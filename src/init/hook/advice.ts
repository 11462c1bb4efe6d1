import type { HookManager } from "./managers.ts";
import type { HookOwner } from "./owner.ts";

/** The line for a foreign hook; it comes first, so that nothing can skip it. */
const hookLine = 'sh node_modules/pushproof/hooks/pre-push "$@" || exit $?';

/** Why the hook was not installed where `core.hooksPath` is set, and the options. */
export function foreignPathAdvice(owner: Extract<HookOwner, { kind: "path" }>, install: string): string {
  const scope = ["local", "global", "system", "worktree"].includes(owner.scope) ? ` --${owner.scope}` : "";
  const isShared = owner.scope === "global" || owner.scope === "system";
  return [
    `The hook is not installed: core.hooksPath is "${owner.path}" (${owner.scope} configuration), which is not husky's. Nothing was changed. Either`,
    `  - give it up: \`git config${scope} --unset core.hooksPath\`, then \`verify init\` again;`,
    ...(isShared
      ? ["  - give it up in this repository only: `git config core.hooksPath .husky/_`, then `verify init` again;"]
      : []),
    `  - or keep it: \`${install}\`, and put this line first in ${owner.file}:`,
    `      ${hookLine}`,
  ].join("\n");
}

/**
 * Why the hook was not installed where git's directory contains hooks, and the option; `taken` are names that exist in
 * .husky.
 */
export function ownHooksAdvice(
  owner: Extract<HookOwner, { kind: "directory" }>,
  taken: (name: string) => boolean,
): string {
  const moves = owner.hooks.map(({ name, isShell }) => {
    const from = `${owner.directory}/${name}`;
    if (taken(name)) return `  join ${from} into .husky/${name}, which is there already, then: rm ${from}`;
    if (isShell) return `  mkdir -p .husky && mv ${from} .husky/${name}`;
    // husky runs hooks with sh, so scripts for other programs must be called.
    return `  mkdir -p .husky/own && mv ${from} .husky/own/${name} && echo 'exec .husky/own/${name} "$@"' > .husky/${name}`;
  });
  return [
    `The hook is not installed: ${owner.hooks.map(({ name }) => `${owner.directory}/${name}`).join(", ")} would silently stop running, since husky sets core.hooksPath. Move what you need, delete the rest, then run \`verify init\` again:`,
    ...moves,
  ].join("\n");
}

/** Why the hook was not installed, and the entry to write, where the manager's configuration cannot be edited. */
export function missingEntryAdvice(
  manager: HookManager,
  path: string | null,
  entry: readonly string[],
  install: string,
): string {
  const where = path === null ? `${manager}'s configuration, which was not found here` : path;
  return [
    `The hook is not installed: ${manager} has the hooks here, and its configuration is for you to edit. \`${install}\`, put this into ${where}, then run \`verify init\` again:`,
    "",
    ...entry.map((line) => `  ${line}`),
    "",
  ].join("\n");
}
