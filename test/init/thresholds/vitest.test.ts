import { expect, it } from "vitest";
import { vitestThresholds } from "../../../src/init/thresholds/vitest.ts";
import { projectOf } from "../project.ts";

const configured = (thresholds: string): string =>
  `export default defineConfig({ test: { coverage: { provider: "v8", thresholds: ${thresholds} } } });`;
const found = (thresholds: string, root = ".") => {
  const file = root === "." ? "vitest.config.ts" : `${root}/vitest.config.ts`;
  return vitestThresholds(projectOf({ [file]: configured(thresholds) }), root);
};

it("coverage.thresholds are taken as they are, with their file named", () => {
  expect(found("{ lines: 90, branches: 80.5, functions: 70 }", "web")).toEqual({
    place: "web/vitest.config.ts (coverage.thresholds)",
    figures: { lines: 90, branches: 80.5, functions: 70 },
    files: {},
    notes: [],
  });
});

it("they are read in a vite configuration that vitest shares", () => {
  const project = projectOf({ "vite.config.ts": configured("{ lines: 90 }") });
  expect(vitestThresholds(project, ".")?.place).toBe("vite.config.ts (coverage.thresholds)");
});

it("statements stand in for lines that are not there, and the note says so", () => {
  expect(found("{ statements: 85 }")?.figures).toEqual({ lines: 85 });
  expect(found("{ statements: 85 }")?.notes.join()).toContain("statements 85 is applied to lines");
});

it("statements beside lines are only spoken of where they ask for more", () => {
  expect(found("{ lines: 90, statements: 90 }")).toMatchObject({ figures: { lines: 90 }, notes: [] });
  expect(found("{ lines: 90, statements: 95 }")?.figures).toEqual({ lines: 90 });
  expect(found("{ lines: 90, statements: 95 }")?.notes.join()).toContain("statements 95 is not taken over");
});

it("a negative number is not offered, and the note says why", () => {
  expect(found("{ lines: 90, branches: -10 }")?.figures).toEqual({ lines: 90 });
  expect(found("{ lines: 90, branches: -10 }")?.notes.join()).toContain("branches -10 is how many may be uncovered");
});

it("lines 0 are not offered, and the note says so", () => {
  expect(found("{ lines: 0, functions: 0 }")?.figures).toEqual({});
  expect(found("{ lines: 0, functions: 0 }")?.notes).toEqual(["lines 0 asks for nothing: not taken over"]);
});

it("what is no share is passed over", () => {
  expect(found("{ lines: 120, branches: true, functions: 80 }")?.figures).toEqual({ functions: 80 });
});

it("autoUpdate is no glob", () => {
  expect(found("{ lines: 90, autoUpdate: (share) => Math.floor(share) }")).toMatchObject({ files: {}, notes: [] });
});

it("100: true is all of it", () => {
  expect(found("{ 100: true, lines: 5 }")?.figures).toEqual({ lines: 100, branches: 100, functions: 100 });
});

it("perFile is a floor for each file, with a word on what is not held per file here", () => {
  expect(found("{ perFile: true, lines: 75 }")).toMatchObject({ figures: { lines: 75 }, eachFile: 75, notes: [] });
  expect(found("{ perFile: true, lines: 75, branches: 60 }")?.notes.join()).toContain("held per file there");
  expect(found("{ perFile: true, branches: 60 }")).not.toHaveProperty("eachFile");
});

it("globs are floors of the files that they match, relative to the repo's root", () => {
  const globs = "{ lines: 80, 'src/money/**': { lines: 95 }, 'src/all/**.ts': { 100: true } }";
  expect(found(globs, "web")).toMatchObject({
    figures: { lines: 80 },
    files: { "web/src/money/**": 95, "web/src/all/**.ts": 100 },
  });
});

it("the notes on globs say what is held otherwise there", () => {
  const globs = "'src/**': { lines: 95, branches: 90, functions: -1 }";
  expect(found(`{ ${globs} }`)?.notes).toEqual([
    "src/**: functions -1 is how many may be uncovered, not a share: not taken over",
    "src/**: branches not taken over: files are held to lines alone",
    "the files of a glob are held together there, and each of them here",
  ]);
  expect(found(`{ perFile: true, ${globs} }`)?.notes.join()).not.toContain("held together");
});

it.each([
  ["process.env.CI ? { lines: 90 } : undefined", "worked out while that file runs: not read"],
  ["{ lines: least() }", "lines is worked out while that file runs: not read"],
  ["{ 'src/**': strict }", "src/**: worked out while that file runs: not read"],
  ["{ ...shared }", "what is spread into it is worked out while that file runs: not read"],
])("%s offers nothing, and the note says why", (thresholds, note) => {
  expect(found(thresholds)).toMatchObject({ figures: {}, notes: [note] });
});

it("a configuration without thresholds asks for nothing", () => {
  const text = "export default { test: { coverage: { watermarks: { lines: [50, 80] } } } }";
  expect(vitestThresholds(projectOf({ "vitest.config.ts": text }), ".")).toBeNull();
});

it("the highest floor comes last, as every glob counts there and the last one here", () => {
  const globs = "{ './src/core/**': { lines: 100 }, 'src/**': { lines: 60 }, 'src/core/**': { lines: 20 } }";
  expect(Object.entries(found(globs)?.files ?? {})).toEqual([
    ["src/**", 60],
    ["src/core/**", 100],
  ]);
});

it.each(["!src/x.ts", "./!src/x.ts"])("the negated glob %s is not offered", (glob) => {
  expect(found(`{ '${glob}': { lines: 5, branches: 5 } }`, "web")).toMatchObject({
    files: {},
    notes: [`${glob} matches all other files: not taken over`],
  });
});

it("a key that is worked out is not read, and the note says so", () => {
  const note = "[`src/c.ts`] is worked out while that file runs: not read";
  expect(found("{ [`src/c.ts`]: { lines: 5 }, lines: 90 }")).toMatchObject({ figures: { lines: 90 }, notes: [note] });
  expect(found("{ 100: true, [`src/c.ts`]: { lines: 5 } }")).toMatchObject({ files: {}, notes: [note] });
});

const read = (text: string) => vitestThresholds(projectOf({ "vitest.config.ts": text }), ".");

it("the thresholds under coverage are meant, rather than the first of that name", () => {
  const spread = "{ ...thresholds, lines: 90 }";
  expect(read(`const thresholds = { lines: 50, branches: 40 };\n${configured(spread)}`)?.figures).toEqual({
    lines: 90,
    branches: 40,
  });
  const other =
    "export default { test: { other: { thresholds: { lines: 12 } }, coverage: { thresholds: { lines: 91 } } } }";
  expect(read(other)?.figures).toEqual({ lines: 91 });
  expect(read(other.replace("91", "0.5 + least"))?.figures).toEqual({});
});

it.each([
  "const thresholds = CI ? { lines: 90 } : {};\nexport default { test: { other: { thresholds: { lines: 12 } }, coverage: { thresholds } } }",
  "export default { test: { coverage: CI ? { thresholds: { lines: 90 } } : { thresholds: { lines: 10 } } } }",
  "export default { test: { coverage: { ...shared, provider: 'v8' } } }",
  "const base = { coverage: { thresholds: { lines: 50 } } };\nexport default { ...base, coverage: { thresholds: { lines: 90 } } }",
  "export default withCoverage({ thresholds: { lines: 90 } })",
])("nothing is offered of %s, and the note says that it is not read", (text) => {
  expect(read(text)).toMatchObject({ figures: {}, notes: ["worked out while that file runs: not read"] });
});
