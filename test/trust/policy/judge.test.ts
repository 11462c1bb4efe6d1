import { describe, expect, it } from "vitest";
import { version } from "../../../src/shared/version.ts";
import type { Verification } from "../../../src/trust/attestation/statement.ts";
import { type BaseConfiguration, type JudgedCommit, whyReceiptFails } from "../../../src/trust/policy/judge.ts";
import { parsePolicy } from "../../../src/trust/policy/parse.ts";
import { claim } from "../attestation/sample.ts";

const { verification } = claim;
const ownConfiguration: BaseConfiguration = { digest: verification.configuration.digest.sha256 };
const judged: JudgedCommit = { tree: claim.tree, now: new Date("2026-01-27T11:00:00Z") };
const digestOf = (digit: string): string => digit.repeat(64);

function policyOf(changes: object): ReturnType<typeof parsePolicy> {
  const least = { repository: verification.repository.root, allowedSigners: "signers", versions: ["0.7.0"] };
  return parsePolicy(JSON.stringify({ ...least, ...changes }), "policy");
}

/** Why the sample's claim, changed so, does not stand. */
function judge(
  changes: Partial<Verification> = {},
  policy: object = {},
  base: BaseConfiguration = ownConfiguration,
): string[] {
  return whyReceiptFails({ ...claim, verification: { ...verification, ...changes } }, judged, policyOf(policy), base);
}

/** The sample's only suite. */
const [suite] = verification.suites as [Verification["suites"][number]];
const lines = (covered: number, total: number): Partial<Verification> => ({
  coverage: { ...verification.coverage, lines: { covered, total } },
});
const configured = (sha256: string): Partial<Verification> => ({
  configuration: { file: "verify.config.json", digest: { sha256 } },
});

it("a receipt that holds all that the policy asks for stands", () => {
  expect(judge()).toEqual([]);
  expect(judge({}, { minimumCoverage: 97, suites: ["backend"], maximumAge: "45m" })).toEqual([]);
});

it("a receipt of another tree does not stand", () => {
  const other = { ...claim, tree: "9".repeat(40) };
  expect(whyReceiptFails(other, judged, policyOf({}), ownConfiguration)).toEqual([
    "it is for the tree 9999999, not for 1111111",
  ]);
});

it("a receipt of another repository does not stand", () => {
  expect(judge({ repository: { root: "8".repeat(40) } })).toEqual([
    "it is of another repository, which began with 8888888",
  ]);
});

describe("the time", () => {
  it("must not be further back than the maximum age, counted from the run's start", () => {
    expect(judge({}, { maximumAge: "44m" })).toEqual(["it is 45 min old, and the policy's maximumAge is 44m"]);
    expect(judge({ startedAt: "2026-01-20T10:00:00.000Z" })).toEqual([
      "it is 7 days old, and the policy's maximumAge is 7d",
    ]);
  });

  it("must not lie in the future by more than clocks differ", () => {
    expect(judge({ endedAt: "2026-01-27T11:04:59.000Z" })).toEqual([]);
    expect(judge({ endedAt: "2026-01-27T11:05:01.000Z" })).toEqual([
      "it is from the future (2026-01-27T11:05:01.000Z)",
    ]);
  });

  it("must not end before it begins", () => {
    expect(judge({ endedAt: "2026-01-27T10:14:59.999Z" })).toEqual(["it ends before it begins"]);
  });
});

describe("the version", () => {
  it("must be one that the policy names", () => {
    expect(judge({}, { versions: ["0.7.1", "0.8.0"] })).toEqual([
      "it was made by pushproof 0.7.0, and 0.7.1, 0.8.0 counts",
    ]);
  });

  it("must be the version that checks, where the policy names none", () => {
    expect(judge({ version }, { versions: [] })).toEqual([]);
    expect(judge({ version: "0.0.1" }, { versions: [] })).toEqual([
      `it was made by pushproof 0.0.1, and ${version} counts`,
    ]);
  });
});

describe("the configuration", () => {
  it("must be the base branch's", () => {
    expect(judge(configured(digestOf("9")))).toEqual([
      `its configuration (verify.config.json, digest ${digestOf("9")}) is not the base branch's`,
    ]);
  });

  it("cannot be compared where the base branch's is a program", () => {
    const base = { why: "verify.config.ts is a program, which is not run for this" };
    expect(judge({}, {}, base)).toEqual([
      `its configuration (verify.config.json, digest ${digestOf("5")}) cannot be compared with the base branch's, as verify.config.ts is a program, which is not run for this`,
    ]);
  });

  it("may be one that the policy names, beside the base branch's or in its place", () => {
    const other = configured(digestOf("9"));
    expect(judge(other, { configuration: ["base", digestOf("9")] })).toEqual([]);
    expect(judge({}, { configuration: ["base", digestOf("9")] })).toEqual([]);
    expect(judge({}, { configuration: [digestOf("9")] })).toEqual([
      `its configuration (verify.config.json, digest ${digestOf("5")}) is none of those that the policy names`,
    ]);
  });
});

it("a run that reused earlier results stands only where the policy lets it", () => {
  expect(judge({ mode: "incremental" })).toEqual([
    "it reuses results of earlier runs, and the policy's incremental is false",
  ]);
  expect(judge({ mode: "incremental" }, { incremental: true })).toEqual([]);
});

describe("the coverage", () => {
  it("must reach the minimum exactly, whatever the run's own gate was", () => {
    expect(judge(lines(97, 100), { minimumCoverage: 97 })).toEqual([]);
    expect(judge(lines(9699, 10_000), { minimumCoverage: 97 })).toEqual([
      "96.99 % of lines are covered, and the policy's minimumCoverage is 97",
    ]);
  });

  it("does not reach it with no lines, nor with more than all of them", () => {
    expect(judge(lines(0, 0), { minimumCoverage: 0 })).toEqual([
      "no lines are covered, and the policy's minimumCoverage is 0",
    ]);
    expect(judge(lines(500, 458))).toEqual(["its coverage is more than everything"]);
  });
});

describe("the suites", () => {
  it("must be there that have to run", () => {
    expect(judge({}, { suites: ["backend", "frontend", "api"] })).toEqual(["the suites frontend, api did not run"]);
  });

  it("must not be there twice", () => {
    expect(judge({ suites: [suite, suite] })).toEqual(["it names a suite twice"]);
  });
});
