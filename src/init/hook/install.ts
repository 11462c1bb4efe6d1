import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withoutNpmRun } from "../../git/environment.ts";
import type { Repository } from "../../git/repository.ts";
import { missingLauncher, missingLauncherText } from "../../project/launchers.ts";
import type { PackageManager } from "../../project/package-manager.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import type { World } from "../../shared/world.ts";
import type { Narrator } from "../narrator.ts";
import { findHookOwner } from "./owner.ts";
import { placeShim } from "./shim.ts";

export interface InstallRequest {
  readonly repository: Repository;
  readonly manager: PackageManager;
  /** The packages that must be in node_modules afterwards. */
  readonly packages: readonly string[];
  /** Whether packages were added to package.json, so that the lock file is outdated. */
  readonly listChanged: boolean;
}

/** Installs missing packages into node_modules. Throws UnavailableError on failure. */
export async function installMissing(world: World, installation: InstallRequest, narrator: Narrator): Promise<void> {
  const { root } = installation.repository;
  const missing = (): string[] =>
    installation.packages.filter((name) => !existsSync(join(root, "node_modules", name, "package.json")));
  if (installation.listChanged || missing().length > 0) await installPackages(world, installation, narrator);
  const [absent] = missing();
  if (absent !== undefined) {
    throw new UnavailableError(
      `${installation.manager.install.join(" ")} ended well, but put no ${absent} into node_modules, where the hook looks for it. With Yarn, set "nodeLinker: node-modules" in .yarnrc.yml; then run \`verify init\` again.`,
    );
  }
}

/** Activates husky's hooks and adds our shim. Throws UnavailableError on failure. */
export async function activateHusky(world: World, repository: Repository, narrator: Narrator): Promise<void> {
  const { root } = repository;
  if (await isActive(repository)) narrator.kept("git runs the hooks in .husky (core.hooksPath)");
  else {
    const said = await runHusky(world, root);
    if (!(await isActive(repository))) {
      const off = world.environment.HUSKY === "0" ? " HUSKY=0 is set in the environment: run it without." : "";
      throw new UnavailableError(
        `husky did not set core.hooksPath, so git does not run the hook yet${said === "" ? "" : ` (husky says: ${said})`}.${off} To activate it: \`npx husky\`.`,
      );
    }
    narrator.did("git runs the hooks in .husky (core.hooksPath set by husky)");
  }
  if (await placeShim(root)) {
    narrator.did(
      "a push from a branch without .husky/pre-push is verified too (`verify prepare`, in the prepare script)",
    );
  }
}

async function installPackages(
  world: World,
  { repository, manager }: InstallRequest,
  narrator: Narrator,
): Promise<void> {
  const command = manager.install.join(" ");
  narrator.plain(`  ${command} …`);
  const result = await runProgram(manager.install, {
    directory: repository.root,
    environment: withoutNpmRun(world.environment),
    signal: world.signal,
  });
  if (result.exitCode !== 0) {
    const tail = result.output.trim().split("\n").slice(-8).join("\n");
    if (tail !== "") world.errors.write(`${tail}\n`);
    const absent = missingLauncher(command, repository.root, world.environment);
    const why = absent ? `${missingLauncherText(absent, command)} (${absent.install})` : `\`${command}\` failed`;
    throw new UnavailableError(
      `${why}: the files are written, the hook is not active yet. Run \`${command}\` here, then \`verify init\` again.`,
    );
  }
  narrator.did(command);
}

/** Whether git would run the hooks in .husky. */
async function isActive(repository: Repository): Promise<boolean> {
  const { root } = repository;
  const owner = await findHookOwner(repository);
  const generated = existsSync(join(root, ".husky", "_", "h")) || existsSync(join(root, ".husky", "_", "husky.sh"));
  return owner.kind === "husky" && generated;
}

/** Runs the repository's own husky; returns its output, which is empty on success. */
async function runHusky(world: World, root: string): Promise<string> {
  const directory = join(root, "node_modules", "husky");
  const fields = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    version?: string;
    bin?: string | { husky?: string };
  };
  const script = typeof fields.bin === "string" ? fields.bin : (fields.bin?.husky ?? "bin.js");
  const isOld = Number.parseInt(fields.version ?? "9", 10) < 9;
  const command = [process.execPath, join(directory, script), ...(isOld ? ["install"] : [])] as const;
  return (
    await runProgram(command, { directory: root, environment: world.environment, signal: world.signal })
  ).output.trim();
}
