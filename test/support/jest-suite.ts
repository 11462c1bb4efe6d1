import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import { type Files, makeRepository, type Repository } from "./repository.ts";
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

/** A repository with a jest suite, fully covered unless the files say otherwise. */
export async function makeJestRepository(files: Files, suite: object = {}, config: object = {}): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": '{ "scripts": { "test": "jest" } }\n',
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "jest", command: "jest", source: ["src"], workers: 2, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  });
  await linkPackages(repository.root, ["jest", "pg"], { jest: "jest/bin/jest.js" });
  return repository;
}
