import { expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import type { Verification } from "../../src/trust/attestation/statement.ts";
import { type ClaimFacts, claimOf } from "../../src/trust/claim.ts";
import { sampleSummary } from "../report/sample.ts";

const facts: ClaimFacts = {
  key: { configuration: "0", environment: "linux x64", version: "1", against: null } as ClaimFacts["key"],
  configuration: { file: "verify.config.json", blob: "0" },
  root: "0",
  tests: [],
  emptySubmodules: 0,
  mask: (text) => text,
  endedAt: new Date(0),
};

function suiteClaimed(change: Partial<Summary["suites"][number]>): Verification["suites"][number] | undefined {
  const summary = sampleSummary();
  const suites = summary.suites.map((suite) => ({ ...suite, ...change }));
  return claimOf({ ...summary, suites }, facts).verification.suites[0];
}

test("a claim says how often the schema was kept, and nothing where it was made for every test", () => {
  const use = { kept: 10, made: 2, reasons: {}, off: null };
  expect(suiteClaimed({ schema: use })?.keptSchema).toBe(10);
  expect(suiteClaimed({ schema: { ...use, kept: 0, off: "why" } })).not.toHaveProperty("keptSchema");
  expect(suiteClaimed({})).not.toHaveProperty("keptSchema");
});

test("a claim names the runs on which an incremental one rests, each once, the oldest first", () => {
  const run = (day: number) => ({ commit: String(day), tree: "t", at: `2026-01-0${day}T00:00:00.000Z` });
  const reuse = { ran: 1, reused: 2, audited: 1, reachedFrom: [], workSeconds: 1 };
  const summary = sampleSummary();
  const suites = [run(3), run(1), run(3)].flatMap((one) =>
    summary.suites.slice(0, 1).map((suite) => ({ ...suite, reuse: { ...reuse, runs: [one] } })),
  );
  const { mode, restsOn } = claimOf({ ...summary, suites }, facts).verification;
  expect(mode).toBe("incremental");
  expect(restsOn?.map(({ commit }) => commit)).toEqual(["1", "3"]);
  expect(claimOf(summary, facts).verification).not.toHaveProperty("restsOn");
});
