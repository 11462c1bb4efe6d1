import { expect, it } from "vitest";
import { jestThresholds } from "../../../src/init/thresholds/jest.ts";
import { projectOf } from "../project.ts";

const threshold = { global: { lines: 90, branches: 80, functions: 70, statements: 90 } };
const found = (written: object, root = ".", files: Readonly<Record<string, string>> = {}) => {
  const file = root === "." ? "package.json" : `${root}/package.json`;
  const text = JSON.stringify({ jest: { coverageThreshold: written } });
  return jestThresholds(projectOf({ [file]: text, ...files }), root);
};

it.each([
  ["jest.config.js", `module.exports = { coverageThreshold: ${JSON.stringify(threshold)} };`],
  [
    "jest.config.ts",
    `const config: Config = { coverageThreshold: ${JSON.stringify(threshold)} };\nexport default config;`,
  ],
  ["jest.config.json", JSON.stringify({ coverageThreshold: threshold })],
])("the global coverageThreshold in %s is taken as it is, with its file named", (name, text) => {
  expect(jestThresholds(projectOf({ [name]: text, "package.json": "{}" }), ".")).toEqual({
    place: `${name} (coverageThreshold)`,
    figures: { lines: 90, branches: 80, functions: 70 },
    files: {},
    notes: [],
  });
});

it("the one in package.json is taken too", () => {
  expect(found(threshold, "web")).toMatchObject({
    place: "web/package.json (jest.coverageThreshold)",
    figures: { lines: 90 },
  });
});

it("a directory is all files in it, a glob and a file are what they are, relative to the repo's root", () => {
  const written = {
    "./src/api/": { lines: 90 },
    "src/money": { lines: 95 },
    "./src/**/*.ts": { statements: 60 },
    "<rootDir>/src/main.js": { lines: 50 },
  };
  expect(found(written, "web", { "web/src/money/a.js": "", "web/src/main.js": "" })?.files).toEqual({
    "web/src/api/**": 90,
    "web/src/money/**": 95,
    "web/src/**/*.ts": 60,
    "web/src/main.js": 50,
  });
});

it("the notes say what a path asks for otherwise than we do", () => {
  expect(found({ "./src/": { lines: 90, functions: 80, branches: -5 } })?.notes).toEqual([
    "./src/: branches -5 is how many may be uncovered, not a share: not taken over",
    "./src/: functions not taken over: files are held to lines alone",
    "the files of a directory are held together there, and each of them here",
  ]);
});

it.each(["/opt/shared/", "../shared/"])("the path %s outside of the repository is not offered", (path) => {
  expect(found({ [path]: { lines: 90 } })).toMatchObject({
    files: {},
    notes: [`${path} lies outside of the repository: not taken over`],
  });
});

it.each([
  ["thresholds()", "worked out while that file runs: not read"],
  ["{ global: shared.global }", "global: worked out while that file runs: not read"],
  ["{ './src/': strict }", "./src/: worked out while that file runs: not read"],
  ["{ global: { ...shared } }", "what is spread into it is worked out while that file runs: not read"],
  ["{ ...shared }", "what is spread into it is worked out while that file runs: not read"],
])("%s offers nothing, and the note says why", (written, note) => {
  const project = projectOf({ "jest.config.js": `module.exports = { coverageThreshold: ${written} };` });
  expect(jestThresholds(project, ".")).toMatchObject({ figures: {}, notes: [note] });
});

it("a configuration without coverageThreshold asks for nothing", () => {
  expect(jestThresholds(projectOf({ "package.json": '{ "jest": {} }' }), ".")).toBeNull();
});

it("the highest floor comes last, as every path and glob counts there and the last one here", () => {
  const files = found({ "./src/": { lines: 90 }, "**/*.js": { lines: 33 }, "src/**": { lines: 50 } })?.files;
  expect(Object.entries(files ?? {})).toEqual([
    ["**/*.js", 33],
    ["src/**", 90],
  ]);
});

it.each(["!src/x.ts", "<rootDir>/!src/x.ts"])("the negated glob %s is not offered", (glob) => {
  expect(found({ [glob]: { lines: 5 }, "!(a|b)/*.ts": { lines: 6 } }, "web")).toMatchObject({
    files: { "web/!(a|b)/*.ts": 6 },
    notes: [`${glob} matches all other files: not taken over`],
  });
});

it("a key that is worked out is not read, and the note says so", () => {
  const text = "module.exports = { coverageThreshold: { [path]: { lines: 5 }, global: { lines: 90, [metric]: 5 } } };";
  expect(jestThresholds(projectOf({ "jest.config.js": text }), ".")).toMatchObject({
    figures: { lines: 90 },
    files: {},
    notes: [
      "[metric] is worked out while that file runs: not read",
      "[path]: worked out while that file runs: not read",
    ],
  });
});
