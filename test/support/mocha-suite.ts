import { linkPackages } from "./jest-suite.ts";
import { type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile } from "./verify.ts";

/** A repository with a mocha suite, fully covered unless the files say otherwise. */
export async function makeMochaRepository(files: Files, suite: object = {}, config: object = {}): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": '{ "scripts": { "test": "mocha" } }\n',
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "mocha", command: "mocha", source: ["src"], workers: 2, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  });
  await linkPackages(repository.root, ["mocha", "pg"], { mocha: "mocha/bin/mocha.js" });
  return repository;
}
