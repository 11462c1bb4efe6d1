import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gitLine, gitLineOrNull } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { mentionsLfs } from "../init/hook/file.ts";
import { configurationOf, declaredManager, readPackageFields } from "../init/hook/managers.ts";
import { findHookOwner, hooksIn, mayRun } from "../init/hook/owner.ts";
import { packageManagerOf } from "../project/package-manager.ts";
import type { World } from "../shared/world.ts";
import { askManager } from "./ask-manager.ts";
import { askScript, type HookAnswer, shownPath } from "./ask-script.ts";
import { type Finding, ok, problem, remark } from "./finding.ts";

const init = "Run `npx verify init`: it puts the hook in, or says how.";

/**
 * Checks whether a push from this checkout is verified, by the hook that git will execute, and which hooks git ignores.
 */
export async function examineHook(repository: Repository, world: World): Promise<Finding[]> {
  const answer = await askHook(repository, world);
  const finding = answer.asked ? ok("hook", answer.text) : problem("hook", answer.text, answer.remedy);
  return [finding, ...(await examineStopped(repository))];
}

/** Finds the hook that git executes for a push from this checkout, and checks whether it reaches pushproof. */
export async function askHook(repository: Repository, world: World): Promise<HookAnswer> {
  const { root, git } = repository;
  const path = resolve(root, await gitLine(git, "rev-parse", "--git-path", "hooks"), "pre-push");
  if (!existsSync(path)) return await nothingThere(repository, path);
  if (!mayRun(path)) {
    const shown = shownPath(root, path);
    return { asked: false, text: `git does not run ${shown}, which may not be executed`, remedy: `chmod +x ${shown}` };
  }
  const owner = await findHookOwner(repository);
  if (owner.kind === "manager" && owner.isInstalled) return await askManager(owner.manager, path, repository, world);
  return await askScript(path, repository, world);
}

/** Git silently skips a missing hook. */
async function nothingThere({ root, git }: Repository, path: string): Promise<HookAnswer> {
  const install = packageManagerOf(root, undefined).install.join(" ");
  const tracked = join(root, ".husky/pre-push");
  const configured = await gitLineOrNull(git, "config", "core.hooksPath");
  const isHusky = dirname(path) === join(root, ".husky/_") || configured === null;
  if (!isHusky) {
    return {
      asked: false,
      text: `core.hooksPath leads to ${configured}, where there is no pre-push hook`,
      remedy: init,
    };
  }
  if (existsSync(tracked)) {
    return {
      asked: false,
      text: ".husky/pre-push is there, but husky is not installed in this checkout, so git runs nothing",
      remedy: `Run \`${install}\` here.`,
    };
  }
  const fields = readPackageFields(root);
  const declared = declaredManager(root, fields);
  if (declared === null) return { asked: false, text: "nothing runs pushproof before a push", remedy: init };
  const file = configurationOf(declared, root, fields);
  return { asked: false, text: `${file} is there, but git does not run ${declared} before a push`, remedy: init };
}

/** With `core.hooksPath` set, git silently ignores the hooks in its own directory. */
async function examineStopped({ root, git, commonDirectory }: Repository): Promise<Finding[]> {
  const runs = resolve(root, await gitLine(git, "rev-parse", "--git-path", "hooks"));
  const own = join(commonDirectory, "hooks");
  const findings: Finding[] = [];
  if (!isSame(runs, own)) {
    // hooks/pre-push runs git-lfs's hook itself.
    const stopped = hooksIn(own).filter(({ author, name }) => author !== "git-lfs" && existsSync(join(own, name)));
    const names = stopped.map(({ name }) => shownPath(root, join(own, name)));
    if (names.length > 0) {
      findings.push(
        remark(
          "hook",
          `git does not run ${names.join(", ")}, since core.hooksPath leads to ${shownPath(root, runs)}`,
          "Put what you need of it into a hook that git runs, or delete it.",
        ),
      );
    }
  }
  const usesLfs = await gitLineOrNull(git, "grep", "--quiet", "-e", "filter=lfs", "--", ":(glob)**/.gitattributes");
  const candidates = [join(own, "pre-push"), join(runs, "pre-push"), join(dirname(runs), "pre-push")];
  const uploads = candidates.some((path) => existsSync(path) && mentionsLfs(readFileSync(path, "utf8")));
  if (usesLfs !== null && !uploads) {
    findings.push(remark("hook", "this repository uses Git LFS, and nothing uploads its objects before a push", init));
  }
  return findings;
}

function isSame(left: string, right: string): boolean {
  const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);
  return real(left) === real(right);
}
