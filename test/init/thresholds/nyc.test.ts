import { expect, it } from "vitest";
import { nycThresholds } from "../../../src/init/thresholds/nyc.ts";
import { projectOf } from "../project.ts";

const found = (files: Readonly<Record<string, string>>, command = "mocha") =>
  nycThresholds(projectOf(files), ".", { runner: "mocha", command });
const json = '{ "check-coverage": true, "lines": 92, "branches": 81, "functions": 71, "statements": 92 }';

it.each([
  [".c8rc.json", json],
  [".nycrc", `// least shares\n${json}`],
  [".nycrc.json", json.replace("check-coverage", "checkCoverage")],
  [".nycrc.yml", "check-coverage: true\nlines: 92\nbranches: 81\nfunctions: 71\n"],
  ["nyc.config.js", `module.exports = ${json};`],
])("the figures of %s are taken as they are, with the file named", (name, text) => {
  const figures = { lines: 92, branches: 81, functions: 71 };
  expect(found({ [name]: text })).toEqual({ place: name, figures, notes: [] });
});

it.each(["nyc", "c8"])("those of %s in package.json are taken too", (key) => {
  expect(found({ "package.json": `{ "${key}": ${json} }` })).toMatchObject({
    place: `package.json (${key})`,
    figures: { lines: 92 },
  });
});

it("check-coverage alone asks for the lines that nyc asks for by default, and the note says so", () => {
  expect(found({ ".nycrc": '{ "check-coverage": true, "branches": 50 }' })).toMatchObject({
    figures: { lines: 90, branches: 50 },
    notes: ["lines 90 is check-coverage's own default"],
  });
});

it("figures that nothing checks are offered, and the note says so", () => {
  expect(found({ ".nycrc": '{ "lines": 80 }' })?.figures).toEqual({ lines: 80 });
  expect(found({ ".nycrc": '{ "lines": 80 }' })?.notes.join()).toContain("check-coverage is not on");
});

it("100 is all of it, and has it checked", () => {
  expect(found({ ".c8rc.json": '{ "100": true }' })?.notes).toEqual([]);
  expect(found({ ".c8rc.json": '{ "100": true, "check-coverage": true }' })).toMatchObject({
    figures: { lines: 100, branches: 100, functions: 100 },
    notes: [],
  });
});

it("per-file is a floor for each file, with a word on what is not held per file here", () => {
  const text = '{ "check-coverage": true, "per-file": true, "lines": 75 }';
  expect(found({ ".nycrc": text })).toMatchObject({ figures: { lines: 75 }, eachFile: 75, notes: [] });
  expect(found({ ".nycrc": text.replace("75", '75, "branches": 5') })?.notes.join()).toContain("held per file there");
});

it("a file that asks for nothing leaves it to the next", () => {
  expect(found({ ".nycrc": '{ "all": true }', "package.json": `{ "nyc": ${json} }` })?.place).toBe(
    "package.json (nyc)",
  );
  expect(found({ ".nycrc": '{ "all": true }', "nyc.config.js": "module.exports = read();" })).toBeNull();
});

const scripted = (test: string, c8?: object): Readonly<Record<string, string>> => ({
  "package.json": JSON.stringify({ scripts: { test }, c8 }),
});

it("the flags in the suite's own script count before what a file says", () => {
  expect(found(scripted("c8 --check-coverage --lines 88 mocha", { lines: 70, branches: 60 }))).toEqual({
    place: 'package.json (script "test") and package.json (c8)',
    figures: { lines: 88, branches: 60 },
    notes: [],
  });
});

it.each<[string, object]>([
  ["c8 --check-coverage --lines=88.5 --per-file mocha", { figures: { lines: 88.5 }, eachFile: 88.5, notes: [] }],
  ["tsc && cross-env CI=1 npx nyc --checkCoverage --functions '70' mocha", { figures: { lines: 90, functions: 70 } }],
  ["c8 --100 mocha", { figures: { lines: 100, branches: 100, functions: 100 }, notes: [] }],
  ["c8 --no-check-coverage --branches 5 mocha", { figures: { branches: 5 } }],
  [
    "c8 --lines $LEAST mocha",
    { figures: {}, notes: [expect.stringContaining("lines is worked out"), expect.anything()] },
  ],
])("the flags of %s are read where no file says anything", (script, expected) => {
  const command = script.startsWith("tsc") ? "tsc && cross-env CI=1 mocha" : "mocha";
  expect(found(scripted(script), command)).toMatchObject({ place: 'package.json (script "test")', ...expected });
});

it("the flags of a script that the command did not come from are not read", () => {
  expect(found(scripted("c8 --lines 88 mocha"), "mocha --parallel")).toBeNull();
  expect(found(scripted("mocha --lines 88"), "mocha --lines 88")).toBeNull();
});

it("a script that switches the check off is believed before a file", () => {
  const settings = { "check-coverage": true, lines: 70 };
  expect(found(scripted("c8 --check-coverage=false mocha", settings))?.notes.join()).toContain("is not on");
  expect(found(scripted("c8 --check-coverage mocha", { lines: 70 }))?.notes).toEqual([]);
});
