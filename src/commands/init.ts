import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { loadConfig } from "../config/load.ts";
import { runnerFacts } from "../config/runner-facts.ts";
import { completeSuites } from "../doctor/complete-suites.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { askYesNo, canAsk } from "../init/ask.ts";
import { ciFacts } from "../init/ci/ci-facts.ts";
import { type CiChoice, type CiService, writeCi } from "../init/ci/write-ci.ts";
import { withOwnPytest } from "../init/detect/pytest-python.ts";
import { baseBranch, ignoresNodeModules, repositoryName, uncommitted } from "../init/detect/repository-facts.ts";
import { type Draft, draftConfig, existingConfig } from "../init/draft-config.ts";
import { editPackageJson, type PackageEdit, parsePackageJson, rangeOf } from "../init/edit/package-json.ts";
import { activateManager, preCommitVersion } from "../init/hook/activate-manager.ts";
import { activateHusky, installMissing } from "../init/hook/install.ts";
import { findHookOwner, mayRun } from "../init/hook/owner.ts";
import { type HookPlan, type HookRequest, type PlannedFile, planHook } from "../init/hook/plan.ts";
import { type Narrator, narratorOf } from "../init/narrator.ts";
import { noSuite } from "../init/no-suite.ts";
import { offerSchemaReset } from "../init/offer-schema.ts";
import { type OwnPackage, ownPackage } from "../init/own-package.ts";
import { listProjectFiles } from "../project/checkout-files.ts";
import { kindOf } from "../project/database-mentions.ts";
import {
  addCommand,
  allLockFiles,
  type PackageManager,
  packageManagerOf,
  programCalls,
} from "../project/package-manager.ts";
import type { FoundSetup } from "../project/setups.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { editFile } from "../shared/files.ts";
import type { World } from "../shared/world.ts";
import { fixedConnections } from "../suite/hints/fixed-connections.ts";
import { withProjectPrograms } from "../suite/plan/project-environment.ts";

/** The schema's path, for completion and validation in editors. */
const schemaPlace = "./node_modules/pushproof/dist/verify.config.schema.json";

/** The options of `verify init`. */
export interface InitOptions {
  /** Installs what the suites lack, with the project's own package managers. */
  readonly install?: boolean;
  /** Also writes a workflow or a pipeline for this service. */
  readonly ci?: CiService | undefined;
  /** How many machines share the suites there. */
  readonly shards?: number | null | undefined;
}

/** What the steps of `init` share. */
interface Setting {
  readonly world: World;
  readonly narrator: Narrator;
  readonly repository: Repository;
  /** The absolute root of the repository. */
  readonly root: string;
  readonly own: OwnPackage;
  readonly manager: PackageManager;
  readonly packageFields: Readonly<Record<string, unknown>> | null;
  /** Whether this is pushproof's own repository. */
  readonly isOwnRepository: boolean;
}

/**
 * Sets a repository up: detects its suites, writes `verify.config.json`, adds the pre-push hook to the present hook
 * manager, or to husky where there is none, and prints what it did. Existing settings stay, so a second run changes
 * nothing.
 */
export async function init(
  world: World,
  own: OwnPackage = ownPackage(),
  { install: adds = false, ci, shards = null }: InitOptions = {},
): Promise<ExitCode> {
  if (shards !== null && ci === undefined)
    throw new RequestError("--shards divides what --ci writes: give --ci github, gitlab or kubernetes with it.");
  const setting = await survey(world, own);
  const owner = await findHookOwner(setting.repository);
  // Everything that may fail is computed before the first file is written.
  const plan = await planHook(owner, requestOf(setting));
  await configure(setting);
  const workflow = ci === undefined ? null : await addCi(setting, { service: ci, shards });
  if (plan.kind === "advice") throw new RequestError(plan.text);
  if (plan.kind === "kept") setting.narrator.kept(`${plan.path} runs pushproof already`);
  else await install(setting, plan);
  const changed = await completeSuites(setting.repository, world, setting.narrator, adds);
  await sayWhatNext(setting, [...filesOf(plan), ...changed, ...(workflow === null ? [] : [workflow])]);
  return exitCodes.verified;
}

/** Writes what CI runs, by the configuration that is there by now; gives its path, or null where nothing was written. */
async function addCi(
  { world, repository, narrator, root, manager, own }: Setting,
  choice: CiChoice,
): Promise<string | null> {
  const loaded = await loadConfig(root);
  if (loaded === null) return null;
  const { config, file } = loaded;
  const project = await listProjectFiles(repository);
  const hasServer =
    (config.database !== false && config.database.url !== undefined) || Boolean(world.environment.VERIFY_DATABASE_URL);
  const facts = ciFacts({ project, config, configFile: file, manager, version: own.version, hasServer });
  return await writeCi(choice, facts, root, narrator);
}

async function survey(world: World, own: OwnPackage): Promise<Setting> {
  const repository = await openRepository(world);
  const { root } = repository;
  const packageText = await readIfThere(join(root, "package.json"));
  const packageFields = packageText === null ? null : parsePackageJson(packageText);
  return {
    world,
    narrator: await narratorOf(world),
    repository,
    root,
    own,
    manager: packageManagerOf(root, packageFields?.packageManager),
    packageFields,
    isOwnRepository: packageFields?.name === "pushproof",
  };
}

/** Writes the configuration where there is none. Throws RequestError, without writing, where no suite is found. */
async function configure({ world, repository, narrator, root, packageFields }: Setting): Promise<void> {
  const existing = existingConfig(root, packageFields);
  if (existing !== null) {
    narrator.kept(`${existing} exists already and is left as it is`);
    return;
  }
  const project = await listProjectFiles(repository);
  const code = project.paths.filter((path) => ["python", "javascript"].includes(kindOf(path) ?? ""));
  const texts = new Map(code.map((path) => [path, project.read(path) ?? ""]));
  const environment = withProjectPrograms(world.environment, [root]);
  const fixed = await fixedConnections(texts, environment);
  const draft = draftConfig(project, repositoryName(repository), await baseBranch(repository), {
    fixed,
    commandOf: (suite) => {
      const own = withProjectPrograms(world.environment, [join(root, suite.root), root]);
      const isPython = runnerFacts[suite.runner].language === "python";
      return isPython ? withOwnPytest(suite.command, own) : suite.command;
    },
  });
  if (draft === null) throw noSuite(root, project);
  const { asked, isRefused } = await setupByAnswer(world, draft);
  const setUp =
    asked === null || !draft.config.database
      ? draft.config
      : { ...draft.config, database: { ...draft.config.database, ...asked.settings } };
  const { config, ...offered } = await offerSchemaReset(world, project, setUp, environment);
  await editFile(join(root, "verify.config.json"), `${JSON.stringify({ $schema: schemaPlace, ...config }, null, 2)}\n`);
  narrator.did("verify.config.json written");
  for (const { title, notes } of [...draft.suites, ...draft.coverage]) {
    narrator.detail(title);
    for (const note of notes) narrator.detail(`  ${note}`);
  }
  narrator.detail(
    draft.config.database ? `database: ${draft.config.database.name}` : "database: none, no sign of Postgres found",
  );
  for (const note of draft.database) narrator.detail(`  ${note}`);
  if (offered.note !== null) narrator.detail(`  ${offered.note}`);
  if (offered.advice !== null) narrator.warn(offered.advice);
  for (const { text, concern } of isRefused ? [] : draft.setups.filter((setup) => setup !== asked)) {
    const why = concern === null ? "several tools make tables" : concern;
    narrator.warn(
      `if the tests expect their tables to be there, add to "database": ${text} (not written, as ${why}; built once, and kept while the inputs are unchanged)`,
    );
  }
}

/**
 * Asks whether a detected command should create the tables; never suggests one that may reach a database of the user's.
 * Those who say no get no advice on it.
 */
async function setupByAnswer(
  world: World,
  { setups }: Draft,
): Promise<{ readonly asked: FoundSetup | null; readonly isRefused: boolean }> {
  const [only, ...others] = setups;
  const mayAsk = only !== undefined && others.length === 0 && only.isLed && canAsk(world);
  if (!mayAsk) return { asked: null, isRefused: false };
  const question = `Does \`${only.settings.setup}\` make the tables that the tests expect (${only.concern})? Run it once for all workers?`;
  const isWanted = await askYesNo(world, question);
  return { asked: isWanted ? only : null, isRefused: !isWanted };
}

function requestOf({ world, repository, root, own, manager, packageFields, isOwnRepository }: Setting): HookRequest {
  const range = own.isInstalled ? "pushproof" : `pushproof@${rangeOf(own, root)}`;
  return {
    repository,
    packageFields,
    target: isOwnRepository
      ? { script: "hooks/pre-push", install: null }
      : { script: "node_modules/pushproof/hooks/pre-push", install: manager.install.join(" ") },
    addCommand: addCommand(manager, [range]),
    preCommitVersion: () => preCommitVersion(world, root),
  };
}

function filesOf(plan: HookPlan): string[] {
  return plan.kind === "files" || plan.kind === "entry" ? plan.files.map(({ path }) => path) : [];
}

type Installable = Extract<HookPlan, { kind: "files" | "entry" }>;

async function install(setting: Setting, plan: Installable): Promise<void> {
  const { world, narrator, repository, root, own, manager, isOwnRepository } = setting;
  const withHusky = plan.kind === "files" && plan.withHusky;
  for (const file of plan.files) await writeHook(setting, file);
  for (const warning of plan.warnings) narrator.warn(warning);
  // The hook entry may have been added to this text.
  const packageText = await readIfThere(join(root, "package.json"));
  const edit = editPackageJson(packageText, root, own, manager, withHusky);
  await writePackageJson(setting, edit, packageText === null);
  await ignoreDependencies(setting);
  const needed = [...(withHusky ? ["husky"] : []), ...(isOwnRepository ? [] : ["pushproof"])];
  const installation = { repository, manager, packages: needed, listChanged: edit.listChanged };
  await installMissing(world, installation, narrator);
  if (withHusky) await activateHusky(world, repository, narrator);
  else if (plan.kind === "entry") await activateManager(world, repository, plan.manager, narrator);
}

async function writePackageJson({ narrator, root }: Setting, edit: PackageEdit, isNew: boolean): Promise<void> {
  if (edit.changes.length === 0) {
    narrator.kept("package.json has all that the hook needs");
    return;
  }
  await editFile(join(root, "package.json"), edit.text);
  narrator.did(
    isNew
      ? "package.json written: there was none; a small private one lets npm install the hook for everyone who clones"
      : "package.json updated",
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

async function writeHook({ narrator, root }: Setting, { path, text, existing }: PlannedFile): Promise<void> {
  if (text === existing) {
    narrator.kept(`${path} runs pushproof already`);
    return;
  }
  const absolute = join(root, path);
  await mkdir(dirname(absolute), { recursive: true });
  await editFile(absolute, text, 0o777);
  narrator.did(existing === null ? `${path} written` : `${path}: pushproof added; what was there is kept`);
  if (basename(path) === "pre-push" && !mayRun(absolute)) {
    narrator.warn(`git runs only hooks that may be executed: chmod +x ${path}`);
  }
}

async function sayWhatNext({ repository, narrator, manager }: Setting, written: readonly string[]): Promise<void> {
  const ours = new Set(["verify.config.json", "package.json", ...allLockFiles, ".gitignore", ...written]);
  const files = await uncommitted(repository, [...ours]);
  narrator.plain("");
  if (files.length > 0) narrator.plain(`Next: commit ${files.join(", ")}; then \`git push\` verifies what it pushes.`);
  else narrator.plain("All set: `git push` verifies what it pushes.");
  narrator.plain(`Try it now: ${programCalls[manager.name]} verify --working-tree`);
}

async function readIfThere(path: string): Promise<string | null> {
  return existsSync(path) ? await readFile(path, "utf8") : null;
}
