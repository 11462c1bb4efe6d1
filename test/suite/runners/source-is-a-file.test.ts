import { expect, test } from "vitest";
import { linkPackages } from "../../support/jest-suite.ts";
import { makeRepository } from "../../support/repository.ts";
import { configFile, readSummary, runIn } from "../../support/verify.ts";

const required = 'const { add } = require("./index.js");\n';

test.each([
  ["node", "node --test", `const { test } = require("node:test");\n${required}test("adds", () => { add(1, 2); });\n`],
  ["mocha", "mocha sums.test.js", `${required}it("adds", () => { add(1, 2); });\n`],
  ["jest", "jest", `${required}test("adds", () => { add(1, 2); });\n`],
  [
    "vitest",
    "vitest run",
    'import { test } from "vitest";\nimport { add } from "./index.js";\ntest("adds", () => { add(1, 2); });\n',
  ],
])(
  "%s counts a source that is a file, all of a directory beside it, and nothing else",
  async (runner, command, suite) => {
    const { root } = await makeRepository({
      ".gitignore": "node_modules\n",
      "package.json": "{}\n",
      "index.js": 'require("./other.js");\nexports.add = (left, right) => left + right;\n',
      "other.js": "exports.other = 1;\n",
      "lib/unused.js": "exports.unused = 1;\n",
      "sums.test.js": suite,
      "verify.config.json": configFile({
        suites: [{ name: "sums", runner, command, source: ["index.js", "lib"] }],
        database: false,
        coverage: { lines: 0 },
      }),
    });
    await linkPackages(root, ["jest", "mocha", "vitest", "@vitest/coverage-v8"], {
      jest: "jest/bin/jest.js",
      mocha: "mocha/bin/mocha.js",
      vitest: "vitest/vitest.mjs",
    });
    const { output } = await runIn(root, ["--serial"]);
    expect(output).toContain("✔ Verified");
    expect((await readSummary(root)).coverage?.files.map(({ file }) => file).sort()).toEqual([
      "index.js",
      "lib/unused.js",
    ]);
  },
);
