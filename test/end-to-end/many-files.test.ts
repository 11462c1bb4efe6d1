import { expect, test } from "vitest";
import { makeJestRepository, plainJest } from "../support/jest-suite.ts";
import { makeMochaRepository } from "../support/mocha-suite.ts";
import { makeNodeRepository, passingNodeTest } from "../support/node-suite.ts";
import type { Files, Repository } from "../support/repository.ts";
import { runIn } from "../support/verify.ts";
import { makeVitestRepository } from "../support/vitest-suite.ts";

/** Few files whose names are as long together as those of thousands: more than Linux takes as one argument or variable. */
const deep = Array.from({ length: 18 }, () => "x".repeat(200)).join("/");
const names = Array.from({ length: 36 }, (_, index) => `test/${deep}/a${index}.test.js`);
const up = "../".repeat(19);
const filesWith = (text: string): Files => Object.fromEntries(names.map((name) => [name, text]));

const repositories: Readonly<Record<string, () => Promise<Repository>>> = {
  node: () => makeNodeRepository(filesWith(passingNodeTest.replace("../src", `${up}src`))),
  mocha: () =>
    makeMochaRepository(
      filesWith(`it("adds", () => require("node:assert").equal(require("${up}src/sums.js").add(1, 2), 3));\n`),
      { workers: 1, command: "mocha --recursive" },
    ),
  jest: () =>
    makeJestRepository(
      {
        ...plainJest,
        ...filesWith(`test("adds", () => expect(require("${up}src/sums.js").add(1, 2)).toBe(3));\n`),
      },
      { workers: 1 },
    ),
};

test.each(Object.keys(repositories))("%s runs a shard's files however long their names are together", async (name) => {
  const repository = await (repositories[name] as () => Promise<Repository>)();
  const { code, output, errors } = await runIn(repository.root, ["--shard", "1/1"]);
  expect(errors).toBe("");
  expect(output).toMatch(/^✔ Shard 1\/1: 3\d test files in /m);
  expect(code).toBe(0);
});

test("vitest leaves the files of other shards out, however long their names are together", async () => {
  const text = `import { expect, test } from "vitest";\ntest("adds", () => expect(1 + 2).toBe(3));\n`;
  const repository = await makeVitestRepository(filesWith(text), {}, { coverage: { lines: 0 } });
  const { code, output } = await runIn(repository.root, ["--shard", "1/36"]);
  expect(output).toMatch(/^✔ Shard 1\/36: [12] test files? in /m);
  expect(code).toBe(0);
});

test("where they are more than the system takes on a command line, a sentence says so, and nothing is verified", async () => {
  // A smaller stack leaves less room for arguments.
  const command = "ulimit -s 512; node --test";
  const repository = await makeNodeRepository(filesWith(passingNodeTest.replace("../src", `${up}src`)), { command });
  const { code, errors } = await runIn(repository.root, ["--shard", "1/1"]);
  expect(errors).toContain("web: the names of its test files are more than this system takes on one command line");
  expect(code).toBe(3);
});
