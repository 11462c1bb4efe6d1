import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { gitLine } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import type { World } from "../../shared/world.ts";
import type { Narrator } from "../narrator.ts";
import type { HookManager } from "./managers.ts";
import { findHookOwner, hooksIn } from "./owner.ts";

/** The commands with which managers install their hooks; husky 4 does so on install. */
const commands: Readonly<Record<HookManager, readonly [string, ...string[]]>> = {
  lefthook: ["lefthook", "install"],
  "pre-commit": ["pre-commit", "install", "--hook-type", "pre-push"],
  "simple-git-hooks": ["simple-git-hooks"],
  "husky 4": ["npm", "rebuild", "husky"],
};

/** Makes a manager install its pre-push hook. Throws UnavailableError where git does not run it afterwards. */
export async function activateManager(
  world: World,
  repository: Repository,
  manager: HookManager,
  narrator: Narrator,
): Promise<void> {
  // simple-git-hooks writes the configured command itself; others read their configuration at each push.
  if (manager !== "simple-git-hooks" && (await isInstalled(repository, manager))) {
    narrator.kept(`git runs ${manager}'s pre-push hook`);
    return;
  }
  const [program, ...args] = commands[manager];
  const shown = [...(manager === "simple-git-hooks" ? ["npx"] : []), program, ...args].join(" ");
  const todo = `Run \`${shown}\`, then \`verify doctor\`.`;
  if (manager === "simple-git-hooks") await refuseToRemoveHooks(repository, todo);
  const local = join(repository.root, "node_modules", ".bin", program);
  const result = await runProgram([existsSync(local) ? local : program, ...args], {
    directory: repository.root,
    environment: world.environment,
    signal: world.signal,
  });
  if (result.exitCode !== 0 || !(await isInstalled(repository, manager))) {
    const why = result.exitCode === null ? `${program} could not be started` : result.output.trim();
    throw new UnavailableError(
      `The entry is written, but git does not run ${manager}'s pre-push hook yet (${why || "it said nothing"}). ${todo}`,
    );
  }
  narrator.did(shown);
}

/** The version of pre-commit on PATH; null where there is none. */
export async function preCommitVersion(world: World, root: string): Promise<string | null> {
  const { exitCode, output } = await runProgram(["pre-commit", "--version"], {
    directory: root,
    environment: world.environment,
    signal: world.signal,
  });
  return exitCode === 0 ? (/\d+(\.\d+)+/.exec(output)?.[0] ?? null) : null;
}

async function isInstalled(repository: Repository, manager: HookManager): Promise<boolean> {
  const owner = await findHookOwner(repository);
  return owner.kind === "manager" && owner.manager === manager && owner.isInstalled;
}

/** simple-git-hooks removes all hooks that it does not configure. */
async function refuseToRemoveHooks({ git, root }: Repository, todo: string): Promise<void> {
  const directory = resolve(root, await gitLine(git, "rev-parse", "--git-path", "hooks"));
  const others = hooksIn(directory).filter(({ author }) => author !== "simple-git-hooks");
  if (others.length === 0) return;
  throw new UnavailableError(
    `The entry is written, but simple-git-hooks would remove ${others.map(({ name }) => join(directory, name)).join(", ")}: move what you need into its configuration. ${todo}`,
  );
}
