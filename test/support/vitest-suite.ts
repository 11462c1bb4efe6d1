import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile } from "./verify.ts";
import { linkNodeModules } from "./vitest-ledger.ts";

/** A repository with a small vitest suite that needs no database. */
export async function makeVitestRepository(
  files: Files = {},
  suite: object = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  const all = {
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module", "scripts": { "test": "vitest run" } }\n',
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "test/sums.test.js":
      'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\ntest("adds", () => expect(add(1, 2)).toBe(3));\n',
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run", source: ["src"], workers: 2, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  };
  const repository = await makeRepository(all, atEnd);
  await linkNodeModules(repository.root);
  return repository;
}
