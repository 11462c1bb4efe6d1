import { describe, expect, it } from "vitest";
import { noThresholds, strictest, thresholdNotes } from "../../../src/suite/hints/own-thresholds.ts";
import { thresholdMessage } from "../../../src/suite/runners/adapters/thresholds.mjs";

const gate = { lines: 80 };

describe("the note about a project's own thresholds", () => {
  it("names each that the gate asks less of, in one sentence with the setting", () => {
    const own = { ...noThresholds, lines: 90, branches: 70, functions: 60 };
    expect(thresholdNotes("web", own, { ...gate, functions: 60 })).toEqual([
      'web asks for 90 % of lines and 70 % of branches in its own configuration, which a share of the files cannot be held to; the gate on the whole asks for 80 % of lines and no branches: set "coverage": { "lines": 90, "branches": 70 }.',
    ]);
  });

  it("names what nothing judges", () => {
    const own = { ...noThresholds, lines: 80, statements: 85, others: ["thresholds of src/*.js"] };
    expect(thresholdNotes("web", own, gate)).toEqual([
      "What the configuration of web also asks for is not judged: 85 % of statements and thresholds of src/*.js.",
    ]);
  });

  it.each([{ lines: 80, statements: 80 }, { branches: 0 }, {}])(
    "is not there where the gate asks for as much: %j",
    (own) => {
      expect(thresholdNotes("web", { ...noThresholds, ...own }, gate)).toEqual([]);
    },
  );

  it("leaves single files to the gate's own floors", () => {
    const own = { ...noThresholds, others: ["the same of each file"] };
    expect(thresholdNotes("web", own, { ...gate, files: { "**": 70 } })).toEqual([]);
  });
});

describe("the thresholds as a runner's configuration has them", () => {
  it.each<[object, object | null]>([
    [
      { lines: 90, branches: 0 },
      { type: "threshold", lines: 90, others: [] },
    ],
    [{ 100: true }, { type: "threshold", lines: 100, branches: 100, functions: 100, statements: 100, others: [] }],
    [{ lines: -10 }, { type: "threshold", others: ["at most 10 uncovered lines"] }],
    [
      { "src/**": { lines: 5 }, perFile: true },
      { type: "threshold", others: ["the same of each file", "thresholds of src/**"] },
    ],
    [{ autoUpdate: true }, null],
  ])("%j", (written, expected) => {
    expect(thresholdMessage(written as Record<string, unknown>)).toEqual(expected);
  });

  it("of several processes the strictest count", () => {
    expect(
      strictest([
        { lines: 80, others: ["a"] },
        { lines: 90, others: ["a", "b"] },
      ]),
    ).toEqual({
      ...noThresholds,
      lines: 90,
      others: ["a", "b"],
    });
  });
});
