import { readEnvelope, writeEnvelope } from "../../../src/trust/attestation/envelope.ts";
import { signStatement } from "../../../src/trust/attestation/signing.ts";
import type { SigningKey } from "../../../src/trust/attestation/signing-key.ts";
import { type Claim, writeStatement } from "../../../src/trust/attestation/statement.ts";
import type { TestKey } from "../../support/signing.ts";

const tree = "1".repeat(40);

/** A claim such as a run makes. */
export const claim: Claim = {
  tree,
  configurationBlob: "2".repeat(40),
  verification: {
    schema: 1,
    repository: { root: "3".repeat(40) },
    commit: "4".repeat(40),
    branch: "feature/ledger",
    configuration: { file: "verify.config.json", digest: { sha256: "5".repeat(64) } },
    version: "0.7.0",
    environment: {
      os: "linux x64",
      release: "6.1.0",
      runtimes: ["node 20.20.2", "python 3.11.7"],
      postgres: "embedded Postgres 17.10",
      isCallersServer: false,
    },
    mode: "complete",
    suites: [
      {
        name: "backend",
        runner: "pytest",
        command: "pytest",
        workers: 2,
        files: 95,
        tests: { total: 806, passed: 805, skipped: 1, flaky: 0 },
        names: { sha256: "6".repeat(64) },
      },
    ],
    checks: [{ name: "lint", command: "ruff check" }],
    coverage: {
      lines: { covered: 446, total: 458 },
      gates: [{ metric: "lines", threshold: 95, covered: 446, total: 458 }],
    },
    against: null,
    leftOut: { skippedTests: 1, excludedFiles: 0, emptySubmodules: 0, newExclusions: 0 },
    startedAt: "2026-01-27T10:15:00.000Z",
    endedAt: "2026-01-27T10:16:00.000Z",
  },
};

/** How a test's key looks to the program. */
export function asSigningKey({ file, fingerprint }: TestKey): SigningKey {
  return { program: "ssh-keygen", key: { file }, fingerprint, needsTouch: false };
}

/** Signs bytes as the program does, and gives the envelope as it travels: one line. */
export async function sign(key: TestKey, payload: Buffer = writeStatement(claim)): Promise<string> {
  const { signal } = new AbortController();
  return writeEnvelope(await signStatement(payload, asSigningKey(key), { environment: process.env, signal }));
}

/** The same envelope with another text in the place of one in its payload. */
export function withPayload(line: string, edit: (payload: string) => string): string {
  const { payload, ...rest } = readEnvelope(line);
  return writeEnvelope({ ...rest, payload: Buffer.from(edit(payload.toString("utf8"))) });
}
