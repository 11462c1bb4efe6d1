import { linkPackages } from "./jest-suite.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile } from "./verify.ts";

/**
 * A repository with a mocha suite, fully covered unless the files say otherwise. One process runs it, unless the suite asks
 * for more `workers`.
 */
export async function makeMochaRepository(
  files: Files,
  suite: object = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  const all = {
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": '{ "scripts": { "test": "mocha" } }\n',
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "mocha", command: "mocha", source: ["src"], workers: 1, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  };
  const repository = await makeRepository(all, atEnd);
  await linkPackages(repository.root, ["mocha", "pg"], { mocha: "mocha/bin/mocha.js" });
  return repository;
}
