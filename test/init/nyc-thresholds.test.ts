import { expect, it } from "vitest";
import { nycThresholds } from "../../src/init/nyc-thresholds.ts";
import { projectOf } from "./project.ts";

const found = (files: Readonly<Record<string, string>>) => nycThresholds(projectOf(files), ".");
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
    notes: ["lines 90 is what check-coverage asks for where nothing else is said"],
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
