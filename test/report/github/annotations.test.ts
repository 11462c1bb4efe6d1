import { expect, test } from "vitest";
import type { CoverageSummary, Failure } from "../../../src/model/summary.ts";
import { annotations, stepSummary } from "../../../src/report/github/annotations.ts";
import { failedSummary, racedSummary, sampleFailures, sampleSummary } from "../sample.ts";

const failure = (changed: Partial<Failure>): Failure => ({
  file: "tests/test_a.py",
  name: "test_x",
  message: "assert 1 == 2",
  kind: "failure",
  ...changed,
});
const annotationOf = (changed: Partial<Failure>): string | undefined =>
  annotations({ ...failedSummary([failure(changed)]), reasons: [] })[0];

test("a failure stands beside its test", () => {
  expect(annotationOf({})).toBe("::error file=tests/test_a.py,title=test_x::assert 1 == 2");
});

test("a line is named where the message names one of the test's own file", () => {
  expect(annotationOf({ message: "no\ntests/test_a.py:12: in test_x\nsrc/b.py:7: in b" })).toMatch(
    /^::error file=tests\/test_a\.py,line=12,title=/,
  );
});

test.each([
  ["none", "assert 1 == 2"],
  ["several", "tests/test_a.py:12: in test_x\ntests/test_a.py:3: in helper"],
  ["another file's", "other/tests/test_a.py:12: in test_x"],
])("no line is named where the message names %s", (_, message) => {
  expect(annotationOf({ message })).not.toContain("line=");
});

test("a failure that is none of an assertion says so", () => {
  expect(annotationOf({ kind: "timeout" })).toContain("::Timed out. assert 1 == 2");
});

test("what would end a message or a property is escaped as GitHub reads it", () => {
  const said = annotationOf({ file: "a:b,c%\n::x::.py", name: "x::error::y", message: "50 %\n::set-env::" });
  expect(said).toBe("::error file=a%3Ab%2Cc%25%0A%3A%3Ax%3A%3A.py,title=x%3A%3Aerror%3A%3Ay::50 %25%0A::set-env::");
});

test("each annotation is one line whatever a test is called", () => {
  const lines = annotations(failedSummary([failure({ name: "a\nb\u001b[2J", file: "c\nd", message: "e\r\nf" })]));
  expect(lines).toHaveLength(3);
  expect(lines.join("")).not.toMatch(/[\r\n]/);
  expect(lines.join("")).not.toContain("\u001b");
});

test("each reason has an annotation, and ten errors are all there are", () => {
  const lines = annotations(failedSummary(sampleFailures(30)));
  expect(lines).toHaveLength(10);
  expect(lines.slice(0, 2)).toEqual([
    "::error title=Not verified::30 of 806 tests failed.",
    expect.stringContaining("the gate is 95 %25"),
  ]);
});

test("changed lines that are not covered are warnings, ten at most", () => {
  const uncoveredChanges = Array.from({ length: 12 }, (_, index) => ({ file: "src/a.py", from: index, to: index + 1 }));
  const coverage = { ...(sampleSummary().coverage as CoverageSummary), uncoveredChanges };
  const lines = annotations(sampleSummary({ coverage }));
  expect(lines).toHaveLength(10);
  expect(lines[3]).toBe("::warning file=src/a.py,line=3,endLine=4::not covered");
});

test("a race that is let through is a warning", () => {
  expect(annotations(racedSummary(sampleSummary()))[0]).toMatch(
    /^::warning file=tests\/test_ledger\.py,.*::Flaky: it passes alone\. /,
  );
});

test("a verified run has nothing to say", () => {
  expect(annotations(sampleSummary())).toEqual([]);
});

test("a summary that fits is added as it is", () => {
  expect(stepSummary("# A\n\nä\n", 8)).toBe("# A\n\nä\n");
});

test("a summary that is too long is cut between two lines, and says so", () => {
  const markdown = Array.from({ length: 2_000 }, (_, index) => `- ä ${index}`).join("\n");
  const cut = stepSummary(markdown, 10_000);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(10_000);
  expect(cut).toMatch(/^- ä 0\n.*\n- ä \d+\n\n… The rest is left out/s);
});

test("what was open where a summary is cut is closed", () => {
  const markdown = `<details>\n\n\`\`\`\`sh\n${"long\n".repeat(3_000)}`;
  expect(stepSummary(markdown, 10_000)).toMatch(/long\n````\n\n<\/details>\n\n… The rest/);
});

test("where there is no room for any of it nothing is added", () => {
  expect(stepSummary("x\n".repeat(100), 10)).toBe("");
  expect(stepSummary("x\n".repeat(100), -5)).toBe("");
});
