import { expect, test } from "vitest";
import { ci, ciFile, outcome } from "./audited.ts";

test("a text that is no YAML is told by line and column", async () => {
  const { findings, fixed } = await outcome({ [ciFile]: ci.replace("branches: [main]", "branches: [main") });
  expect(findings[0]).toMatch(/^\.github\/workflows\/ci\.yml:6:3 Flow sequence in block collection/);
  expect(fixed).toEqual({});
});

test("what GitHub's schema does not know is told by line and column", async () => {
  const text = ci.replace("    runs-on:", "    run-on:").replace("run: moon run :ci", "runs: moon run :ci");
  expect((await outcome({ [ciFile]: text })).findings).toEqual([
    `${ciFile}:11:5 Unexpected value 'run-on'`,
    `${ciFile}:11:5 Required property is missing: runs-on`,
    expect.stringContaining(`${ciFile}:20:9 There's not enough info`),
    `${ciFile}:26:9 Unexpected value 'runs'`,
  ]);
});

test("expressions are read, too", async () => {
  const text = ci.replace("moon run :ci", `moon run :ci \${{ secret.KEY }}`);
  expect((await outcome({ [ciFile]: text })).findings).toEqual([`${ciFile}:26:27 Unrecognized named-value: 'secret'`]);
});

test("a job that is needed and a step that is read must be there", async () => {
  const text = ci.replace(
    "    steps:\n",
    `    needs: [lint]\n    outputs: { tag: '\${{ steps.tag.outputs.tag }}' }\n    steps:\n`,
  );
  expect((await outcome({ [ciFile]: text })).findings.join("\n")).toMatch(/lint/);
  const read = ci.replace("    steps:\n", `    outputs: { tag: '\${{ steps.tag.outputs.tag }}' }\n    steps:\n`);
  expect((await outcome({ [ciFile]: read })).findings).toEqual([
    `${ciFile}:11:5 the job check reads steps.tag, which is no step of it`,
  ]);
});

test("local actions are held against the schema of actions", async () => {
  const file = ".github/actions/verify/action.yml";
  const action =
    "name: Verify\ndescription: Runs all.\nruns:\n  using: composite\n  steps:\n    - run: pytest\n      shell: bash\n";
  expect((await outcome({ [file]: action })).findings).toEqual([]);
  expect((await outcome({ [file]: action.replace("    - run", "    - runs") })).findings).toEqual([
    `${file}:6:7 Unexpected value 'runs'`,
    `${file}:6:7 Required property is missing: run`,
  ]);
});

test("labels and permissions that are newer than any linter are no mistakes", async () => {
  const text = ci
    .replace("ubuntu-latest", "ubuntu-26.04-arm")
    .replace("jobs:", "permissions: { contents: read, models: read }\njobs:");
  expect((await outcome({ [ciFile]: text })).findings).toEqual([]);
});
