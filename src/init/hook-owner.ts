import { constants, existsSync, readFileSync } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gitLine, gitLineOrNull } from "../push/git.ts";
import type { Repository } from "../push/repository.ts";

/** Who has the hooks of a repository, as far as it decides whether ours may be installed. */
export type HookOwner =
  | { readonly kind: "husky" | "nobody" }
  /** `core.hooksPath` leads elsewhere; `runsUs` where its pre-push calls ours already. */
  | {
      readonly kind: "path";
      readonly path: string;
      readonly scope: string;
      readonly file: string;
      readonly runsUs: boolean;
    }
  /** Hooks in git's own directory, which would silently stop once `core.hooksPath` is set. */
  | { readonly kind: "directory"; readonly directory: string; readonly hooks: readonly OwnHook[] };

/** A hook that lies in git's own directory. */
export interface OwnHook {
  readonly name: string;
  /** Whether it can be run by `sh`, as husky runs hooks. */
  readonly isShell: boolean;
}

/** Looks at `core.hooksPath` in every scope, then at git's own hook directory. */
export async function findHookOwner(repository: Repository): Promise<HookOwner> {
  const { git, root } = repository;
  const scoped = await gitLineOrNull(git, "config", "--show-scope", "--type=path", "--get", "core.hooksPath");
  if (scoped === null || scoped.split("\t")[1] === "") return await ownerOfDefault(repository);
  const [scope = "local", path = ""] = scoped.split("\t");
  const directory = resolve(root, path);
  if (isHuskyOf(root, directory)) return { kind: "husky" };
  // husky in a subdirectory: its generated hooks in `_` call the ones beside it.
  const isGenerated = basename(directory) === "_" && existsSync(join(directory, "h"));
  const hooks = isGenerated ? dirname(directory) : directory;
  const absolute = join(hooks, "pre-push");
  const runsUs = existsSync(absolute) && callsUs(readFileSync(absolute, "utf8"));
  const file = hooks.startsWith(`${root}/`) ? relative(root, absolute) : absolute;
  return { kind: "path", path, scope, file, runsUs };
}

/** Whether a line that is not a comment runs our hook. */
function callsUs(text: string): boolean {
  return text.split("\n").some((line) => /^[^#]*pushproof\/hooks\/pre-push/.test(line));
}

/** husky's directory in this root: `.husky/_` since version 9, `.husky` before. */
function isHuskyOf(root: string, directory: string): boolean {
  if (directory === join(root, ".husky", "_")) return true;
  return directory === join(root, ".husky") && existsSync(join(directory, "_", "husky.sh"));
}

async function ownerOfDefault({ git, root }: Repository): Promise<HookOwner> {
  const directory = resolve(root, await gitLine(git, "rev-parse", "--git-path", "hooks"));
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const hooks: OwnHook[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() || entry.name.endsWith(".sample")) continue;
    const path = join(directory, entry.name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) hooks.push({ name: entry.name, isShell: isPlainShell(await readFile(path, "latin1")) });
  }
  hooks.sort((left, right) => (left.name < right.name ? -1 : 1));
  const shown = directory.startsWith(`${root}/`) ? relative(root, directory) : directory;
  return hooks.length === 0 ? { kind: "nobody" } : { kind: "directory", directory: shown, hooks };
}

/** Whether a script's first line asks for `sh` itself. */
export function isPlainShell(text: string): boolean {
  return /^#!\s*(\/usr)?\/bin\/(env\s+)?(da)?sh\b/.test(text);
}
