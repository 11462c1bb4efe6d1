import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile } from "./verify.ts";

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

/** Spares each worker the loading of babel, where the transform of the files is not what is tried. */
export const plainJest: Files = { "jest.config.js": "module.exports = { transform: {} };\n" };

/**
 * A repository with a jest suite, fully covered unless the files say otherwise. One process runs it, unless the suite asks
 * for more `workers`: two cost twice as much.
 */
export async function makeJestRepository(
  files: Files,
  suite: object = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  const all = {
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": '{ "scripts": { "test": "jest" } }\n',
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "jest", command: "jest", source: ["src"], workers: 1, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  };
  const repository = await makeRepository(all, atEnd);
  await linkPackages(repository.root, ["jest", "pg"], { jest: "jest/bin/jest.js" });
  return repository;
}
