import { expect, test } from "vitest";
import { readAddedExclusions } from "../../../src/coverage/diff/added-exclusions.ts";
import { exclusionsIn } from "../../../src/coverage/diff/exclusion-lists.ts";
import { openGit } from "../../../src/git/client.ts";
import { gitEnvironment, makeRepository } from "../../support/repository.ts";

test.each<[string, string, string[]]>([
  [
    ".coveragerc",
    "[run]\nomit =\n    */migrations/*\n    setup.py, conf.py\n[report]\nexclude_also = raise NotImplementedError\n",
    ["omit */migrations/*", "omit setup.py", "omit conf.py", "exclude_also raise NotImplementedError"],
  ],
  ["setup.cfg", "[coverage:run]\nomit = a/*\n[flake8]\nexclude = b/*\nomit = c\n", ["omit a/*"]],
  ["tox.ini", "[coverage:report]\nomit = a/*\n", ["omit a/*"]],
  [
    "apps/api/pyproject.toml",
    '[tool.coverage.run]\nomit = [\n  "a/*", # "old"\n  \'b/*\',\n]\n[tool.ruff]\nexclude = ["c"]\n',
    ["omit a/*", "omit b/*"],
  ],
  [
    "vitest.config.ts",
    'export default defineConfig({ test: { exclude: ["x"], coverage: { provider: "v8", exclude: ["src/gen/**", "!src/gen/a.ts"] } } });',
    ["coverage.exclude src/gen/**"],
  ],
  [
    "jest.config.js",
    'module.exports = { coveragePathIgnorePatterns: ["/gen/"], collectCoverageFrom: ["src/**", "!src/x/**"] };',
    ["coveragePathIgnorePatterns /gen/", "collectCoverageFrom !src/x/**"],
  ],
  [".c8rc.json", '{ "exclude": ["a/**"], "include": ["src"] }', ["exclude a/**"]],
  [".nycrc", '{ "exclude": "a/**" }', ["exclude a/**"]],
  [
    "package.json",
    '{ "jest": { "coveragePathIgnorePatterns": ["/gen/"] }, "c8": { "exclude": ["a"] }, "verify": { "coverage": { "exclude": ["b"] } } }',
    ["coveragePathIgnorePatterns /gen/", "c8.exclude a", "coverage.exclude b"],
  ],
  ["verify.config.json", '{ "coverage": { "exclude": ["src/gen/**"] } }', ["coverage.exclude src/gen/**"]],
  ["README.md", "[run]\nomit = a\n", []],
])("the lists of %s", async (file, text, expected) => {
  expect((await exclusionsIn(file, text)).map(({ list, entry }) => `${list} ${entry}`)).toEqual(expected);
});

test("what the changes add to a list is told, not what was there or went from one file to another", async () => {
  const repository = await makeRepository({
    ".coveragerc": "[run]\nomit = a/*\n",
    "vitest.config.ts": 'export default { test: { coverage: { exclude: ["gen/**"] } } };\n',
  });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("rm", "--quiet", ".coveragerc");
  await repository.write({
    "pyproject.toml": '[tool.coverage.run]\nomit = ["a/*", "b/*"]\n',
    "vitest.config.ts": 'export default { test: { coverage: { exclude: ["gen/**", "src/**"] } } };\n',
  });
  const head = await repository.commit("Leave out more");
  const git = openGit(repository.root, gitEnvironment());
  const added = [
    { file: "pyproject.toml", list: "omit", entry: "b/*" },
    { file: "vitest.config.ts", list: "coverage.exclude", entry: "src/**" },
  ];
  const request = { git, root: repository.root, from: base.trim() };
  expect(await readAddedExclusions({ ...request, to: head.trim() })).toEqual(added);
  expect(await readAddedExclusions({ ...request, to: null })).toEqual(added);
});
