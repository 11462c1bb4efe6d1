import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { sumsFiles } from "./javascript-suite.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";

/** Gives a repository the packages of a JavaScript suite as links to this package's own. */
export async function linkPackages(
  root: string,
  names: readonly string[],
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of names) {
    const path = join(root, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(packageRoot, "node_modules", name), path);
  }
  await mkdir(join(root, "node_modules/.bin"), { recursive: true });
  for (const [name, target] of Object.entries(programs)) {
    const path = join(root, "node_modules/.bin", name);
    await writeFile(path, `#!/bin/sh\nexec node "${join(packageRoot, "node_modules", target)}" "$@"\n`);
    await chmod(path, 0o755);
  }
}

/** Has jest load neither babel nor istanbul, which takes half of its time, where it is not they that are tried. */
export const plainJest: Files = {
  "jest.config.js": 'module.exports = { transform: {}, coverageProvider: "v8" };\n',
};

/**
 * A repository with a jest suite, fully covered unless the files say otherwise. One process runs it, unless the suite asks
 * for more `workers`: two cost twice as much. It is plain unless the files hold another jest.config.js, or null for none.
 */
export async function makeJestRepository(
  files: Files,
  suite: object = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  const own = { runner: "jest", command: "jest", workers: 1 } as const;
  const repository = await makeRepository(sumsFiles(own, { ...plainJest, ...files }, suite, config), atEnd);
  await linkPackages(repository.root, ["jest", "pg"], { jest: "jest/bin/jest.js" });
  return repository;
}
