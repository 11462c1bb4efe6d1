import { sumsFiles } from "./javascript-suite.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";

/** A repository with a node:test suite, fully covered unless the files say otherwise. */
export function makeNodeRepository(
  files: Files,
  suite: object = {},
  config: object = {},
  atEnd?: AtEnd,
): Promise<Repository> {
  const own = { runner: "node", command: "node --test", workers: 2 } as const;
  return makeRepository(sumsFiles(own, files, suite, config), atEnd);
}

/** What the files of tests begin with. */
export const nodeHeader =
  'const assert = require("node:assert");\nconst { after, describe, it, test } = require("node:test");\nconst { add, url } = require("../src/sums.js");\n';
/** A file with one test, which passes. */
export const passingNodeTest = `${nodeHeader}test("adds", () => assert.equal(add(1, 2), 3));\n`;
