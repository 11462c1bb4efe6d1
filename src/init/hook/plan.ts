import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gitLineOrNull } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";
import { RequestError } from "../../shared/errors.ts";
import { foreignPathAdvice, missingEntryAdvice, ownHooksAdvice } from "./advice.ts";
import { type HookTarget, hookFile } from "./file.ts";
import { lefthookEntry } from "./lefthook-entry.ts";
import { type ManagerEntry, runsOurHook } from "./manager-entry.ts";
import { configurationOf, type HookManager } from "./managers.ts";
import { type HookOwner, hooksIn } from "./owner.ts";
import { husky4Entry, simpleGitHooksEntry } from "./package-entry.ts";
import { preCommitEntry } from "./pre-commit-entry.ts";

/** How git will run our hook. */
export type HookPlan =
  /** With files, in husky's directory or the one that `core.hooksPath` names. */
  | {
      readonly kind: "files";
      readonly withHusky: boolean;
      readonly files: readonly PlannedFile[];
      readonly warnings: readonly string[];
    }
  /** With an entry in a manager's configuration. */
  | {
      readonly kind: "entry";
      readonly manager: HookManager;
      readonly files: readonly PlannedFile[];
      readonly warnings: readonly string[];
    }
  /** With an existing file that already runs ours. */
  | { readonly kind: "kept"; readonly path: string }
  /** Only a person can set it up: why, and how. */
  | { readonly kind: "advice"; readonly text: string };

/** A file to write, and its present content. */
export interface PlannedFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  readonly existing: string | null;
}

export interface HookRequest {
  readonly repository: Repository;
  readonly packageFields: Readonly<Record<string, unknown>> | null;
  readonly target: HookTarget;
  /** The command that adds pushproof as a dev dependency. */
  readonly addCommand: string;
  /** The installed pre-commit's version; null without one. */
  readonly preCommitVersion: () => Promise<string | null>;
}

/**
 * Plans where our hook goes, depending on who manages the hooks; writes nothing. Throws RequestError where no one
 * could.
 */
export async function planHook(owner: HookOwner, request: HookRequest): Promise<HookPlan> {
  const { repository, target, addCommand } = request;
  const { root } = repository;
  switch (owner.kind) {
    case "husky":
    case "nobody":
      return await planHusky(repository, target);
    case "manager":
      return await planEntry(owner.manager, request);
    case "path": {
      if (owner.runsUs) return { kind: "kept", path: owner.file };
      if (!owner.isInside) return { kind: "advice", text: foreignPathAdvice(owner, addCommand) };
      const existing = readIfThere(join(root, owner.file));
      const text = hookFile(existing, target, { path: owner.file, callsLfs: false });
      return { kind: "files", withHusky: false, files: [{ path: owner.file, text, existing }], warnings: [] };
    }
    case "directory":
      if (owner.runsUs) return { kind: "kept", path: `${owner.directory}/pre-push` };
      return { kind: "advice", text: ownHooksAdvice(owner, (name) => existsSync(join(root, ".husky", name))) };
  }
}

async function planHusky(repository: Repository, target: HookTarget): Promise<HookPlan> {
  const { root, git, commonDirectory } = repository;
  // Hooks of git-lfs stop with husky; in a fresh clone they may not exist yet.
  const stopped = hooksIn(resolve(commonDirectory, "hooks")).filter(({ author }) => author === "git-lfs");
  const attributes = await gitLineOrNull(git, "grep", "--quiet", "-e", "filter=lfs", "--", ":(glob)**/.gitattributes");
  const path = ".husky/pre-push";
  const existing = readIfThere(join(root, path));
  const callsLfs = attributes !== null || stopped.length > 0;
  const files = [{ path, text: hookFile(existing, target, { path, callsLfs }), existing }];
  const warnings: string[] = [];
  for (const { name, text } of stopped) {
    const own = `.husky/${name}`;
    if (name === "pre-push") continue;
    const there = readIfThere(join(root, own));
    if (there === null) files.push({ path: own, text, existing: null });
    else if (!/git lfs/.test(there))
      warnings.push(`${own} does not run git-lfs's ${name}: put \`git lfs ${name} "$@"\` into it`);
  }
  return { kind: "files", withHusky: true, files, warnings };
}

async function planEntry(manager: HookManager, request: HookRequest): Promise<HookPlan> {
  const { repository, packageFields, target, addCommand, preCommitVersion } = request;
  const path = configurationOf(manager, repository.root, packageFields);
  const existing = path === null ? null : readIfThere(join(repository.root, path));
  const version = manager === "pre-commit" ? await preCommitVersion() : null;
  const planned = entryFor(manager, { path: path ?? "", text: existing ?? "", target, version });
  if (path === null || existing === null || planned.text === null) {
    return { kind: "advice", text: missingEntryAdvice(manager, path, planned.entry, addCommand) };
  }
  const files: PlannedFile[] = [{ path, text: planned.text, existing }];
  if (planned.script !== undefined) {
    const there = readIfThere(join(repository.root, planned.script.path));
    const text = there !== null && runsOurHook(there) ? there : planned.script.text;
    files.push({ path: planned.script.path, text, existing: there });
  }
  return { kind: "entry", manager, files, warnings: planned.warnings };
}

function entryFor(
  manager: HookManager,
  { path, text, target, version }: { path: string; text: string; target: HookTarget; version: string | null },
): ManagerEntry {
  try {
    switch (manager) {
      case "lefthook":
        return lefthookEntry(path, text, target.script);
      case "pre-commit":
        return preCommitEntry(text, target.script, version);
      case "simple-git-hooks":
        return simpleGitHooksEntry(path, text, target);
      case "husky 4":
        return husky4Entry(path, text, target);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RequestError(`${path} is not valid JSON (${error.message}): correct it, then run \`verify init\` again.`);
  }
}

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
