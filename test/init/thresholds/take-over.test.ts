import { expect, it } from "vitest";
import { draftConfig } from "../../../src/init/draft-config.ts";
import { aTest, projectOf } from "../project.ts";

type Texts = Readonly<Record<string, string>>;
const draftOf = (files: Texts) => {
  const draft = draftConfig(projectOf(files), "shop", "main");
  if (draft === null) throw new Error("no suite");
  return draft;
};
const coverageOf = (files: Texts): unknown => draftOf(files).config.coverage;
const titlesOf = (files: Texts): string[] => draftOf(files).coverage.map(({ title }) => title);
const notesOf = (files: Texts): string[] => draftOf(files).coverage.flatMap(({ notes }) => notes);

const python = { "api/setup.py": "", "api/tests/test_a.py": aTest };
const coveragerc = (share: number): Texts => ({ "api/.coveragerc": `[report]\nfail_under = ${share}\n` });
const vitestIn = (directory: string, thresholds: string): Texts => ({
  [`${directory}a.test.ts`]: "",
  [`${directory}vitest.config.ts`]: `export default { test: { coverage: { thresholds: ${thresholds} } } }`,
});
const codecov = (target: string): Texts => ({
  "codecov.yml": `coverage: { status: { project: { default: { target: ${target} } }, patch: { default: { target: 80% } } } }`,
});

it("a project without thresholds gets none, and no word on them", () => {
  expect(draftOf(python).config).not.toHaveProperty("coverage");
  expect(draftOf(python).coverage).toEqual([]);
  expect(draftOf(vitestIn("", "{ }")).coverage).toEqual([]);
});

it("the thresholds of the only suite are the project's", () => {
  const files = vitestIn("web/", "{ lines: 97, branches: 80 }");
  expect(coverageOf(files)).toEqual({ lines: 97, branches: 80 });
  expect(titlesOf(files)).toEqual(["coverage: lines 97, branches 80, from web/vitest.config.ts (coverage.thresholds)"]);
});

it("lines below our default are taken, and the line says what our default would be", () => {
  expect(coverageOf({ ...python, ...coveragerc(70) })).toEqual({ lines: 70 });
  expect(titlesOf({ ...python, ...coveragerc(70) })).toEqual([
    "coverage: lines 70, from api/.coveragerc ([report] fail_under) (default: 95)",
  ]);
});

it("our default for lines stays where others are found, and a line says so", () => {
  const files = vitestIn("", "{ branches: 80 }");
  expect(coverageOf(files)).toEqual({ branches: 80 });
  expect(titlesOf(files)).toEqual([
    "coverage: branches 80, from vitest.config.ts (coverage.thresholds)",
    "coverage: lines 95 (the default)",
  ]);
});

it("the thresholds of one among several suites are its own", () => {
  const files = { ...python, ...coveragerc(97), ...vitestIn("web/", "{ lines: 60, functions: 50 }") };
  expect(coverageOf(files)).toEqual({ suites: { api: { lines: 97 }, web: { lines: 60, functions: 50 } } });
  expect(titlesOf(files)).toEqual([
    "coverage of api: lines 97, from api/.coveragerc ([report] fail_under)",
    "coverage of web: lines 60, functions 50, from web/vitest.config.ts (coverage.thresholds) (default: 95)",
    "coverage: lines 95 (the default)",
  ]);
});

it("a suite without thresholds among several gets none", () => {
  const files = { ...python, ...coveragerc(97), "web/a.test.ts": "", "web/vitest.config.ts": "" };
  expect(coverageOf(files)).toEqual({ suites: { api: { lines: 97 } } });
});

it.each<[string, string]>([
  ["jest", '{ "jest": { "coverageThreshold": { "global": { "lines": 91 } } } }'],
  ["mocha", '{ "scripts": { "test": "nyc mocha" }, "nyc": { "check-coverage": true, "lines": 91 } }'],
  ["node", '{ "scripts": { "test": "c8 node --test" }, "c8": { "check-coverage": true, "lines": 91 } }'],
])("those of a suite of %s are read where it keeps them", (runner, text) => {
  const files = { "package.json": text, "test/a.test.js": "" };
  expect(draftOf(files).config.suites.map((suite) => suite.runner)).toEqual([runner]);
  expect(coverageOf(files)).toEqual({ lines: 91 });
});

it("Codecov's are the project's, also beside several suites", () => {
  const files = { ...python, ...coveragerc(97), ...vitestIn("web/", "{ lines: 60 }"), ...codecov("85%") };
  expect(coverageOf(files)).toEqual({
    lines: 85,
    changedLines: 80,
    suites: { api: { lines: 97 }, web: { lines: 60 } },
  });
  expect(titlesOf(files).slice(2)).toEqual([
    "coverage: lines 85, from codecov.yml (coverage.status.project) (default: 95)",
    "coverage: changed lines 80, from codecov.yml (coverage.status.patch)",
  ]);
});

it("Codecov's target auto is the ratchet", () => {
  const files = { ...python, ...coveragerc(97), ...codecov("auto") };
  expect(coverageOf(files)).toEqual({ lines: 97, changedLines: 80, ratchet: true });
  expect(titlesOf(files)).toContain(
    "coverage: never less than before (ratchet), from codecov.yml (coverage.status.project)",
  );
});

it("the lines of the only suite's own configuration count before Codecov's, and a note says so", () => {
  const files = { ...python, ...coveragerc(97), ...codecov("85%") };
  expect(coverageOf(files)).toEqual({ lines: 97, changedLines: 80 });
  expect(titlesOf(files)).toContain("coverage: nothing taken from codecov.yml (coverage.status.project)");
  expect(notesOf(files)).toEqual(["lines 85 is not taken: api/.coveragerc ([report] fail_under) says 97"]);
});

it("nothing is said of Codecov's lines where they are the same", () => {
  const files = { ...python, ...coveragerc(97), ...codecov("97%") };
  expect(titlesOf(files).join()).not.toContain("coverage.status.project");
});

it("a floor for each file is one number where every file has it", () => {
  const files = vitestIn("web/", "{ perFile: true, lines: 96 }");
  expect(coverageOf(files)).toEqual({ lines: 96, files: 96 });
  expect(titlesOf(files)[0]).toContain("lines 96, each file 96, from");
});

it("a floor for each file goes before those of globs", () => {
  const files = vitestIn("web/", "{ perFile: true, lines: 96, 'src/**': { lines: 99 } }");
  expect(JSON.stringify(coverageOf(files))).toBe('{"lines":96,"files":{"**":96,"web/src/**":99}}');
  expect(titlesOf(files)[0]).toContain("each file 96, each file of web/src/** 99, from");
});

it("a floor for each file of one among several suites is that of its directory", () => {
  const files = { ...python, ...vitestIn("web/", "{ perFile: true, lines: 96 }") };
  expect(coverageOf(files)).toEqual({ files: { "web/**": 96 }, suites: { web: { lines: 96 } } });
});

it("a floor for each file is not offered where no directory tells a suite's files from the others'", () => {
  const files = { ...python, ...vitestIn("", "{ perFile: true, lines: 96 }") };
  expect(coverageOf(files)).toEqual({ suites: { tests: { lines: 96 } } });
  expect(notesOf(files).join()).toContain("lines 96 for each file is not taken over");
});

it("what cannot be offered is said, and changes nothing", () => {
  const files = vitestIn("", "read()");
  expect(draftOf(files).config).not.toHaveProperty("coverage");
  expect(titlesOf(files)).toEqual(["coverage: nothing taken from vitest.config.ts (coverage.thresholds)"]);
  expect(notesOf(files)).toEqual(["worked out while that file runs: not read"]);
});

it("the highest floor comes last, also where it is that of each file or of another suite", () => {
  const low = vitestIn("web/", "{ perFile: true, lines: 96, 'src/old/**': { lines: 50 } }");
  expect(JSON.stringify(coverageOf(low))).toBe('{"lines":96,"files":{"web/src/old/**":50,"**":96}}');
  const several = {
    ...vitestIn("web/", "{ 'src/**': { lines: 90 } }"),
    ...vitestIn("app/", "{ '../**': { lines: 30 } }"),
  };
  expect(JSON.stringify(coverageOf(several))).toBe('{"files":{"**":30,"web/src/**":90}}');
});

it("the flags of the script that a suite was found in are read", () => {
  const fields = { scripts: { test: "c8 --check-coverage --lines 88 mocha" }, c8: { lines: 70 } };
  const files = { "package.json": JSON.stringify(fields), "test/a.test.js": "" };
  expect(draftOf(files).config.suites).toMatchObject([{ runner: "mocha", command: "mocha" }]);
  expect(coverageOf(files)).toEqual({ lines: 88 });
});
