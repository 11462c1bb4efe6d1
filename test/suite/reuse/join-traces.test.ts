import { expect, test } from "vitest";
import { joinTraces, type Trace } from "../../../src/suite/reuse/join-traces.ts";

const trace: Trace = {
  ...{
    why: null,
    differences: [],
    python: "3.11",
    hasArcs: true,
    measured: ["src/a.py"],
    conftests: ["conftest.py"],
    asksForWorker: false,
    silent: [],
  },
  ...{ edges: { "": ["src/a.py"] }, names: {}, reads: { "F|src/a.py": ["data.json"] }, uses: {}, always: {} },
  coverage: { "": { "src/a.py": [[-1, 1]] }, "T|test_a.py": { "src/a.py": [[1, 2]] } },
  ran: { "T|test_a.py": { "src/a.py": ["one"] } },
  facts: { "src/a.py": { sha: "1" } },
  states: { "data.json": "file 1" },
  collected: { "test_a.py": 1, "test_b.py": 0 },
};

test("traces of several machines are as of one run with more workers", () => {
  const other: Trace = {
    ...trace,
    edges: { "": ["src/a.py", "src/b.py"] },
    coverage: {
      "": {
        "src/a.py": [
          [-1, 1],
          [4, 5],
        ],
      },
      "T|test_b.py": { "src/a.py": [[1, 3]] },
    },
    ran: { "T|test_b.py": { "src/a.py": ["two"] } },
    collected: { "test_a.py": 0, "test_b.py": 2 },
  };
  expect(joinTraces([trace, other])).toEqual({
    ...trace,
    edges: { "": ["src/a.py", "src/b.py"] },
    coverage: {
      "": {
        "src/a.py": [
          [-1, 1],
          [4, 5],
        ],
      },
      "T|test_a.py": { "src/a.py": [[1, 2]] },
      "T|test_b.py": { "src/a.py": [[1, 3]] },
    },
    ran: { "T|test_a.py": { "src/a.py": ["one"] }, "T|test_b.py": { "src/a.py": ["two"] } },
    collected: { "test_a.py": 1, "test_b.py": 2 },
  });
});

test("where one machine cannot tell which functions of a file ran, the whole file counts", () => {
  const other: Trace = { ...trace, ran: { "T|test_a.py": { "src/a.py": null } } };
  expect(joinTraces([trace, other])).toMatchObject({ ran: { "T|test_a.py": { "src/a.py": null } } });
});

test.each<[string, Partial<Trace>, string]>([
  ["read something else", { states: { "data.json": "file 2" } }, "what its tests read was not the same on all of them"],
  [
    "had another source",
    { facts: { "src/a.py": { sha: "2" } } },
    "what its tests read was not the same on all of them",
  ],
  ["ran another Python", { python: "3.12" }, "they ran different versions of Python"],
  ["measured no branches", { hasArcs: false }, "branches were measured on some of them only"],
  ["could not trace", { why: "nothing is measured" }, "nothing is measured"],
  ["found a difference", { differences: ["test_a ran less"] }, "test_a ran less"],
])("there is no trace where one machine %s", (_, change, why) => {
  expect(joinTraces([trace, { ...trace, ...change }])).toEqual({ why });
});
