import { describe, expect, it } from "vitest";
import { readEnvelope, writeEnvelope } from "../../../src/trust/attestation/envelope.ts";
import { readStatement, writeStatement } from "../../../src/trust/attestation/statement.ts";
import { claim } from "./sample.ts";

const text = writeStatement(claim).toString("utf8");

/** Reads a statement in which one text was replaced by another; it must be there. */
function readEdited(from: string, to: string): unknown {
  if (!text.includes(from)) throw new Error(`${from} is not in the statement`);
  return readStatement(Buffer.from(text.replace(from, to)));
}

describe("a statement", () => {
  it("gives back what was written", () => {
    expect(readStatement(Buffer.from(text))).toEqual(claim);
  });

  it("stands for the trees of SHA-256 repositories too", () => {
    const long = { ...claim, tree: "a".repeat(64) };
    expect(readStatement(writeStatement(long)).tree).toBe("a".repeat(64));
  });

  it("names suites and checks as its passed tests", () => {
    expect(JSON.parse(text).predicate.passedTests).toEqual(["suite/backend", "check/lint"]);
  });

  it("may have fields that a later version adds", () => {
    expect(readEdited('"schema":1', '"schema":1,"later":true')).toEqual(claim);
  });

  it.each([
    ["another type", '"_type":"https://in-toto.io/Statement/v1"', '"_type":"https://in-toto.io/Statement/v0.1"'],
    ["another predicate type", "test-result/v0.1", "test-result/v0.2"],
    ["a failed result", '"result":"PASSED"', '"result":"FAILED"'],
    ["a result with warnings", '"result":"PASSED"', '"result":"WARNED"'],
    ["a later schema of our predicate", '"schema":1', '"schema":2'],
    ["no subject", /"subject":\[.*?\]/.exec(text)?.[0] ?? "", '"subject":[]'],
    ["two subjects", '"subject":[', `"subject":[{"digest":{"gitTree":"${"8".repeat(40)}"}},`],
    ["a digest of another kind beside the tree's", '"gitTree":', `"sha256":"${"8".repeat(64)}","gitTree":`],
    ["no field of ours", "pkg:npm/pushproof#verification/v1", "pkg:npm/other#verification/v1"],
    ["a suite without a passed test", '"passed":805', '"passed":0'],
    ["a key that is there twice", '"result":"PASSED"', '"result":"FAILED","result":"PASSED"'],
    ["a repeated key deep inside", '"passed":805', '"passed":1,"passed":805'],
    ["a repeated key that is spelled with an escape", '"result":', '"r\\u0065sult":"FAILED","result":'],
    ["something after its end", /}$/.exec(text)?.[0] ?? "", "}{}"],
  ])("is refused with %s", (_what, from, to) => {
    const edited = from === "}" ? `${text}{}` : undefined;
    expect(() => (edited ? readStatement(Buffer.from(edited)) : readEdited(from, to))).toThrow(
      expect.objectContaining({ name: "UntrustedReceiptError" }),
    );
  });

  it("is refused with bytes that are not UTF-8", () => {
    expect(() => readStatement(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toThrow(/not JSON/);
  });
});

describe("an envelope", () => {
  const line = writeEnvelope({ payload: Buffer.from(text), signature: "a signature\n", keyid: "SHA256:x" });

  it("is one line", () => {
    expect(line).not.toContain("\n");
    expect(readEnvelope(line)).toEqual({ payload: Buffer.from(text), signature: "a signature\n", keyid: "SHA256:x" });
  });

  const open = JSON.parse(line) as { payload: string; signatures: object[] };
  it.each([
    ["another payload type", { ...open, payloadType: "application/json" }],
    ["no signature", { ...open, signatures: [] }],
    ["two signatures", { ...open, signatures: [...open.signatures, ...open.signatures] }],
    ["a second payload under another name", { ...open, payload2: open.payload }],
    ["a list around it", [open]],
    ["base64 with line ends", { ...open, payload: `${open.payload.slice(0, 8)}\n${open.payload.slice(8)}` }],
    ["a payload of nothing", { ...open, payload: "" }],
    ["base64 whose unused bits are set", { ...open, payload: "QUJDRB==" }],
  ])("is refused with %s", (_what, envelope) => {
    expect(() => readEnvelope(JSON.stringify(envelope))).toThrow(/not an envelope/);
  });

  it("is refused with a key that is there twice", () => {
    expect(() => readEnvelope(line.replace("{", '{"payload":"QUJD",'))).toThrow(/the key "payload" twice/);
  });

  it("is refused at once with a key twice at each of 75,000 depths", { timeout: 5000 }, () => {
    const depth = 75_000;
    const hostile = `${'{"a":1,"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    expect(() => readEnvelope(hostile)).toThrow(/the key "a" twice/);
  });

  it("is refused with a second envelope behind it", () => {
    expect(() => readEnvelope(line + line)).toThrow(/not JSON/);
  });

  it("is refused where it is larger than any receipt", () => {
    expect(() => readEnvelope(" ".repeat(1_000_001))).toThrow(/larger than/);
  });
});
