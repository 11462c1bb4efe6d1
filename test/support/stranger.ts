import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { type Files, makeRepository, type Repository } from "./repository.ts";
import { userEnvironment } from "./verify.ts";

const packages = ["husky", "pg", "knex", "dotenv", "vitest", "@vitest/coverage-v8", "jest", "mocha"];
const programs = ["vitest", "jest", "mocha", "knex"];

/** A stranger's repository with what `npm install` brings, pushproof among it, and nothing set up. */
export async function strangersRepository(files: Files): Promise<Repository> {
  const repository = await makeRepository(files);
  const modules = join(repository.root, "node_modules");
  await mkdir(join(modules, ".bin"), { recursive: true });
  for (const name of packages) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(packageRoot, "node_modules", name), join(modules, name));
  }
  await symlink(packageRoot, join(modules, "pushproof"));
  for (const program of programs) {
    await symlink(join(packageRoot, "node_modules/.bin", program), join(modules, ".bin", program));
  }
  return repository;
}

/**
 * The environment of that stranger, whose npm runs no scripts: it would build this package again, to which the installed one
 * is a link.
 */
export async function strangersEnvironment(): Promise<Environment> {
  return await userEnvironment({ npm_config_ignore_scripts: "true", npm_config_audit: "false" });
}
