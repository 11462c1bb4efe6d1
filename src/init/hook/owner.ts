import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gitLine, gitLineOrNull } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";
import { runsOurHook } from "./manager-entry.ts";
import { authorOf, declaredManager, type HookAuthor, type HookManager, readPackageFields } from "./managers.ts";

/** Who manages a repository's hooks, which decides where ours goes. */
export type HookOwner =
  /** husky 5 or later, or nobody, so that husky can be installed. */
  | { readonly kind: "husky" | "nobody" }
  /** A manager with its own configuration; `isInstalled` where git already runs its pre-push hook. */
  | { readonly kind: "manager"; readonly manager: HookManager; readonly isInstalled: boolean }
  /** `core.hooksPath` is set; `runsUs` where its pre-push hook already calls ours. */
  | {
      readonly kind: "path";
      readonly path: string;
      readonly scope: string;
      readonly file: string;
      /** Whether the file is in the checkout, and may be committed. */
      readonly isInside: boolean;
      readonly runsUs: boolean;
    }
  /** Hooks in git's own directory, which setting `core.hooksPath` would silently disable. */
  | {
      readonly kind: "directory";
      readonly directory: string;
      readonly hooks: readonly OwnHook[];
      readonly runsUs: boolean;
    };

/** A hook in git's own directory. */
export interface OwnHook {
  readonly name: string;
  /** Whether `sh` can run it, as husky does. */
  readonly isShell: boolean;
  /** The program that wrote it; null for a person. */
  readonly author: HookAuthor | null;
  readonly text: string;
}

/** Checks `core.hooksPath` in every scope, then installed hooks, then configured managers. */
export async function findHookOwner(repository: Repository): Promise<HookOwner> {
  const { git, root } = repository;
  const scoped = await gitLineOrNull(git, "config", "--show-scope", "--type=path", "--get", "core.hooksPath");
  if (scoped === null || scoped.split("\t")[1] === "") return await ownerOfDefault(repository);
  const [scope = "local", path = ""] = scoped.split("\t");
  const directory = resolve(root, path);
  if (isHuskyOf(root, directory)) return { kind: "husky" };
  const generated = managerOf(hooksIn(directory));
  if (generated !== null) return generated;
  // husky in a subdirectory: generated hooks in `_` call those next to it.
  const isGenerated = basename(directory) === "_" && existsSync(join(directory, "h"));
  const hooks = isGenerated ? dirname(directory) : directory;
  const absolute = join(hooks, "pre-push");
  const runsUs = existsSync(absolute) && runsOurHook(readFileSync(absolute, "utf8"));
  const isInside = hooks.startsWith(`${root}/`);
  return { kind: "path", path, scope, file: isInside ? relative(root, absolute) : absolute, isInside, runsUs };
}

/** husky's hooks directory in this root: `.husky/_` since version 9, `.husky` before. */
function isHuskyOf(root: string, directory: string): boolean {
  if (directory === join(root, ".husky", "_")) return true;
  return directory === join(root, ".husky") && existsSync(join(directory, "_", "husky.sh"));
}

async function ownerOfDefault({ git, root }: Repository): Promise<HookOwner> {
  const directory = resolve(root, await gitLine(git, "rev-parse", "--git-path", "hooks"));
  const hooks = hooksIn(directory);
  const generated = managerOf(hooks);
  if (generated !== null) return generated;
  const declared = declaredManager(root, readPackageFields(root));
  if (declared !== null) return { kind: "manager", manager: declared, isInstalled: false };
  // husky's hooks call git-lfs's, so those are not lost.
  const own = hooks.filter(({ author }) => author === null);
  const shown = directory.startsWith(`${root}/`) ? relative(root, directory) : directory;
  if (own.length === 0) return { kind: "nobody" };
  const runsUs = own.some(({ name, text }) => name === "pre-push" && runsOurHook(text));
  return { kind: "directory", directory: shown, hooks: own, runsUs };
}

/** The manager that wrote one of the hooks. */
function managerOf(hooks: readonly OwnHook[]): HookOwner | null {
  for (const { author } of hooks) {
    if (author === null || author === "git-lfs") continue;
    const isInstalled = hooks.some((hook) => hook.name === "pre-push" && hook.author === author);
    return { kind: "manager", manager: author, isInstalled };
  }
  return null;
}

/** The names of hooks in a directory that git would run. */
export function hooksIn(directory: string): OwnHook[] {
  // `core.hooksPath=/dev/null` switches hooks off.
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(directory).filter((name) => !name.endsWith(".sample") && !name.includes("."));
  return names.sort().flatMap((name) => {
    const path = join(directory, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile() || !mayRun(path)) return [];
    const text = readFileSync(path, "latin1");
    return [{ name, isShell: isPlainShell(text), author: authorOf(text), text }];
  });
}

/** Whether git would run a hook file. */
export function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a script's shebang names `sh` itself. */
function isPlainShell(text: string): boolean {
  return /^#!\s*(\/usr)?\/bin\/(env\s+)?(da)?sh\b/.test(text);
}
