import { sumsFiles } from "./javascript-suite.ts";
import { linkPackages } from "./jest-suite.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";

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
  const own = { runner: "mocha", command: "mocha", workers: 1 } as const;
  const repository = await makeRepository(sumsFiles(own, files, suite, config), atEnd);
  await linkPackages(repository.root, ["mocha", "pg"], { mocha: "mocha/bin/mocha.js" });
  return repository;
}
