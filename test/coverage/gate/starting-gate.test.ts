import { expect, test } from "vitest";
import { startingGateNotes } from "../../../src/coverage/gate/starting-gate.ts";
import type { CoverageSummary, GateSummary } from "../../../src/model/summary.ts";
import { makeRepository } from "../../support/repository.ts";
import { halfCoveredTinyFiles } from "../../support/tiny-suite.ts";
import { endsWith, runIn } from "../../support/verify.ts";

const gate: GateSummary = { metric: "lines", threshold: 95, passed: false, covered: 142, total: 150 };

function notes(gates: readonly GateSummary[], reasons = 1, covered = 142): string[] {
  const summary = { lines: { covered, total: 150 }, gates } as unknown as CoverageSummary;
  return startingGateNotes(summary, reasons, "verify.config.json");
}

test("a project that is below the gate of lines from the start is told the setting that its tests reach", () => {
  expect(notes([gate])).toEqual([
    'Where these tests are all that the project has so far, set "lines": 94 in "coverage" of verify.config.json, and raise it as tests come.',
  ]);
});

test.each([
  ["another gate is closed too", [gate, { ...gate, metric: "branches" as const }], 1, 142],
  ["only another gate is closed", [{ ...gate, metric: "changedLines" as const }], 1, 142],
  ["the gate is one suite's own", [{ ...gate, suite: "backend" }], 1, 142],
  ["something else failed", [gate], 2, 142],
  ["nothing is covered", [gate], 1, 0],
])("where %s, it is told nothing", (_what, gates, reasons, covered) => {
  expect(notes(gates, reasons, covered)).toEqual([]);
});

test("a run says so until one has passed here", async () => {
  const { root } = await makeRepository(halfCoveredTinyFiles());
  const words = 'set "lines": 50 in "coverage" of verify.config.json';
  expect((await runIn(root, [])).output).toContain(words);
  await endsWith(0, runIn(root, ["--coverage", "50"]));
  const { code, output } = await runIn(root, []);
  expect(output).not.toContain(words);
  expect(code).toBe(1);
});
