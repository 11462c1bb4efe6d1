import { expect, test } from "vitest";
import { applyChanges } from "../../../src/trust/workflow/changes.ts";
import type { Change, Finding } from "../../../src/trust/workflow/finding.ts";
import { readYaml } from "../../../src/trust/workflow/yaml-source.ts";
import { ci, ciFile, deploy, deployFile, outcome } from "./audited.ts";

const source = readYaml(ciFile, ci);
const finding: Finding = {
  kind: "repeat",
  file: ciFile,
  place: { line: 1, column: 1 },
  text: "",
  doubt: null,
  step: null,
  gate: null,
};

/** A change that replaces a text of the workflow, and says what that does to its value. */
function change(from: string, to: string, values: Change["values"]): Change {
  const start = ci.indexOf(from);
  return { finding, edits: [{ start, end: start + from.length, text: to }], action: "", values };
}

test("a change that does what it says is made", async () => {
  const renamed = change("name: CI", "name: Tests", [{ path: ["name"], value: "Tests" }]);
  expect(await applyChanges(source, [renamed])).toEqual({ text: ci.replace("name: CI", "name: Tests"), doubt: null });
});

test.each<[string, Change, string]>([
  [
    "changes more than it says",
    change("name: CI\n", "name: Tests\nrun-name: x\n", [{ path: ["name"], value: "Tests" }]),
    "differ in more than these changes",
  ],
  [
    "changes less than it says",
    change("name: CI", "name:  CI", [{ path: ["name"] }]),
    "differ in more than these changes",
  ],
  ["leaves no YAML", change("branches: [main]", "branches: [main", []), "would be no YAML"],
  [
    "makes a mistake of GitHub's schema",
    change("    runs-on: ubuntu-latest\n", "", [{ path: ["jobs", "check", "runs-on"] }]),
    "Required property is missing: runs-on",
  ],
  [
    "makes a job need one that is not there",
    change("    steps:\n", "    needs: lint\n    steps:\n", [{ path: ["jobs", "check", "needs"], value: "lint" }]),
    "the job check needs lint",
  ],
])("a change that %s is not made", async (_what, wrong, doubt) => {
  expect(await applyChanges(source, [wrong])).toEqual({ text: null, doubt: expect.stringContaining(doubt) });
});

test("changes that overlap are not made", async () => {
  const [one, two] = [change("name: CI", "name: A", []), change("name: CI\n", "name: B\n", [])];
  expect(await applyChanges(source, [one, two])).toEqual({ text: null, doubt: "two changes would overlap" });
});

test("a step with a comment that is not set in is told, and stays", async () => {
  const text = deploy.replace("        run: moon run :ci", "# all of it\n        run: moon run :ci");
  const { findings, doubts, fixed } = await outcome({ [ciFile]: ci, [deployFile]: text });
  expect(findings).toHaveLength(1);
  expect(doubts).toEqual([expect.stringMatching(/^the result would /)]);
  expect(fixed).toEqual({});
});
