import { type Files, makeRepository, type Repository } from "./repository.ts";
import { configFile } from "./verify.ts";

/** A repository with a node:test suite, fully covered unless the files say otherwise. */
export function makeNodeRepository(files: Files, suite: object = {}, config: object = {}): Promise<Repository> {
  return makeRepository({
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": '{ "scripts": { "test": "node --test" } }\n',
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "node", command: "node --test", source: ["src"], workers: 2, ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  });
}

/** What the files of tests begin with. */
export const nodeHeader =
  'const assert = require("node:assert");\nconst { after, describe, it, test } = require("node:test");\nconst { add, url } = require("../src/sums.js");\n';
/** A file with one test, which passes. */
export const passingNodeTest = `${nodeHeader}test("adds", () => assert.equal(add(1, 2), 3));\n`;
