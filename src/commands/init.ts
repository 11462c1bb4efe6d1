import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ExitCode, exitCodes, RequestError } from "../errors.ts";
import { editFile } from "../files.ts";
import { draftConfig } from "../init/draft-config.ts";
import { existingConfig } from "../init/existing-config.ts";
import { foreignPathAdvice, ownHooksAdvice } from "../init/hook-advice.ts";
import { hookFile } from "../init/hook-file.ts";
import { findHookOwner, type HookOwner } from "../init/hook-owner.ts";
import { installHook } from "../init/install-hook.ts";
import { type Narrator, narratorOf } from "../init/narrator.ts";
import { noSuite } from "../init/no-suite.ts";
import { type OwnPackage, ownPackage } from "../init/own-package.ts";
import { editPackageJson, type PackageEdit, parsePackageJson, rangeOf } from "../init/package-json.ts";
import { addCommand, type PackageManager, packageManagerOf } from "../init/package-manager.ts";
import { listProjectFiles } from "../init/project-files.ts";
import { baseBranch, ignoresNodeModules, repositoryName, uncommitted } from "../init/repository-facts.ts";
import { openRepository, type Repository } from "../push/repository.ts";
import type { World } from "../world.ts";

/** All that the steps of an init need to know. */
interface Setting {
  readonly world: World;
  readonly narrator: Narrator;
  readonly repository: Repository;
  /** The absolute root of the repository. */
  readonly root: string;
  readonly own: OwnPackage;
  readonly manager: PackageManager;
  readonly packageText: string | null;
  readonly packageFields: Readonly<Record<string, unknown>> | null;
  /** Whether this is the repository of pushproof itself. */
  readonly isOwnRepository: boolean;
}

const hookPath = ".husky/pre-push";

/**
 * Sets a repository up: finds its suites, writes `verify.config.json`, installs the pre-push hook through husky, says what
 * it did. What is there already stays as it is, so a second run changes nothing.
 */
export async function init(world: World, own: OwnPackage = ownPackage()): Promise<ExitCode> {
  const setting = await survey(world, own);
  const owner = await findHookOwner(setting.repository);
  const isOurs = owner.kind === "husky" || owner.kind === "nobody";
  // Everything that may be refused is worked out before the first file is written.
  const hook = isOurs ? await planHook(setting) : null;
  const edit = editPackageJson(setting.packageText, setting.root, own, setting.manager);

  await configure(setting);
  if (owner.kind === "path" && owner.runsUs) setting.narrator.kept(`${owner.file} runs pushproof already`);
  else if (hook === null) throw new RequestError(adviceFor(owner, setting));
  else await install(setting, edit, hook);
  await sayWhatNext(setting);
  return exitCodes.verified;
}

async function survey(world: World, own: OwnPackage): Promise<Setting> {
  const repository = await openRepository(world);
  const { root } = repository;
  const packageText = await readIfThere(join(root, "package.json"));
  const packageFields = packageText === null ? null : parsePackageJson(packageText);
  return {
    world,
    narrator: narratorOf(world),
    repository,
    root,
    own,
    manager: packageManagerOf(root, packageFields?.packageManager),
    packageText,
    packageFields,
    isOwnRepository: packageFields?.name === "pushproof",
  };
}

/** Writes the configuration where there is none. Throws RequestError, with nothing written, where no suite is found. */
async function configure({ repository, narrator, root, packageFields }: Setting): Promise<void> {
  const existing = existingConfig(root, packageFields);
  if (existing !== null) {
    narrator.kept(`${existing} is there already and stays as it is`);
    return;
  }
  const project = await listProjectFiles(repository);
  const draft = draftConfig(project, repositoryName(repository), await baseBranch(repository));
  if (draft === null) throw noSuite(root);
  await editFile(join(root, "verify.config.json"), `${JSON.stringify(draft.config, null, 2)}\n`);
  narrator.did("verify.config.json written");
  for (const { title, notes } of [...draft.suites, ...draft.coverage]) {
    narrator.detail(title);
    for (const note of notes) narrator.detail(`  ${note}`);
  }
  narrator.detail(
    draft.config.database ? `database: ${draft.config.database.name}` : "database: none, no sign of Postgres found",
  );
  for (const note of draft.database) narrator.detail(`  ${note}`);
  for (const { text, doubt } of draft.setups) {
    const why = doubt === null ? "several tools make tables" : doubt;
    narrator.warn(
      `if the tests expect their tables to be there, add to "database": ${text} (not written, as ${why}; built once, and kept while the inputs are unchanged)`,
    );
  }
}

/** The text of the hook file as it should be, and as it is. */
interface HookPlan {
  readonly text: string;
  readonly existing: string | null;
}

async function planHook({ root, isOwnRepository, manager }: Setting): Promise<HookPlan> {
  const existing = await readIfThere(join(root, hookPath));
  const target = isOwnRepository
    ? { script: "hooks/pre-push", install: null }
    : { script: "node_modules/pushproof/hooks/pre-push", install: manager.install.join(" ") };
  return { text: hookFile(existing, target), existing };
}

function adviceFor(owner: HookOwner, { root, own, manager }: Setting): string {
  if (owner.kind === "directory") return ownHooksAdvice(owner, (name) => existsSync(join(root, ".husky", name)));
  if (owner.kind !== "path") throw new Error(`no advice for ${owner.kind}`);
  const range = own.isInstalled ? "pushproof" : `pushproof@${rangeOf(own, root)}`;
  return foreignPathAdvice(owner, addCommand(manager, [range]));
}

async function install(setting: Setting, edit: PackageEdit, hook: HookPlan): Promise<void> {
  const { world, narrator, repository, manager } = setting;
  await writePackageJson(setting, edit);
  await ignoreDependencies(setting);
  await writeHook(setting, hook);
  await installHook(
    world,
    {
      repository,
      manager,
      packages: setting.isOwnRepository ? ["husky"] : ["husky", "pushproof"],
      listChanged: edit.listChanged,
    },
    narrator,
  );
}

async function writePackageJson({ narrator, root, packageText }: Setting, edit: PackageEdit): Promise<void> {
  if (edit.changes.length === 0) {
    narrator.kept("package.json has husky and pushproof");
    return;
  }
  await editFile(join(root, "package.json"), edit.text);
  narrator.did(
    packageText === null
      ? "package.json written: there was none; a small private one lets npm install the hook for everyone who clones"
      : "package.json completed",
  );
  for (const change of edit.changes) narrator.detail(change);
  for (const warning of edit.warnings) narrator.warn(warning);
}

async function ignoreDependencies({ repository, narrator, root }: Setting): Promise<void> {
  if (await ignoresNodeModules(repository)) return;
  const path = join(root, ".gitignore");
  const text = (await readIfThere(path)) ?? "";
  await editFile(path, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}node_modules/\n`);
  narrator.did(".gitignore: node_modules/ added");
}

async function writeHook({ narrator, root }: Setting, { text, existing }: HookPlan): Promise<void> {
  if (text === existing) {
    narrator.kept(`${hookPath} runs pushproof already`);
    return;
  }
  const path = join(root, hookPath);
  await mkdir(join(root, ".husky"), { recursive: true });
  await editFile(path, text, 0o777);
  narrator.did(
    existing === null ? `${hookPath} written` : `${hookPath}: pushproof put in front; what was there is kept`,
  );
}

async function sayWhatNext({ repository, narrator, manager }: Setting): Promise<void> {
  const locks = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];
  const ours = ["verify.config.json", "package.json", ...locks, ".gitignore", hookPath];
  const files = await uncommitted(repository, ours);
  const runner = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" }[manager.name];
  narrator.plain("");
  if (files.length > 0) narrator.plain(`Next: commit ${files.join(", ")}; then \`git push\` verifies what it pushes.`);
  else narrator.plain("All set: `git push` verifies what it pushes.");
  narrator.plain(`Try it now: ${runner} verify --working-tree`);
}

async function readIfThere(path: string): Promise<string | null> {
  return existsSync(path) ? await readFile(path, "utf8") : null;
}
