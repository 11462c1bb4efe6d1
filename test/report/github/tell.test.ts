import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { tellGitHub } from "../../../src/report/github/tell.ts";
import { summaryMarkdown } from "../../../src/report/markdown/summary.ts";
import { openOutput } from "../../../src/report/terminal/open-output.ts";
import type { Environment } from "../../../src/shared/world.ts";
import { makeDirectory } from "../../support/repository.ts";
import { failedSummary, sampleSummary } from "../sample.ts";

async function told(environment: Environment, summary = failedSummary()): Promise<string> {
  const stream = new PassThrough();
  await tellGitHub(summary, await openOutput(stream, environment), environment);
  return String(stream.read() ?? "");
}

test("the summary is added to what the step's file holds", async () => {
  const file = join(await makeDirectory(), "summary");
  await writeFile(file, "before\n");
  expect(await told({ GITHUB_STEP_SUMMARY: file })).toBe("");
  expect(await readFile(file, "utf8")).toBe(`before\n${summaryMarkdown(failedSummary())}`);
});

test("what the step's file holds counts against its limit", async () => {
  const file = join(await makeDirectory(), "summary");
  await writeFile(file, "x".repeat(1024 * 1024 - 100));
  await told({ GITHUB_STEP_SUMMARY: file });
  expect(await readFile(file, "utf8")).toHaveLength(1024 * 1024 - 100);
});

test("annotations are shown on GitHub alone", async () => {
  expect(await told({ GITHUB_ACTIONS: "true" })).toMatch(/^::error title=Not verified::3 of 806/);
  expect(await told({ CI: "true" })).toBe("");
  expect(await told({ GITHUB_ACTIONS: "true" }, sampleSummary())).toBe("");
});

test("a file that cannot be written costs a line", async () => {
  expect(await told({ GITHUB_STEP_SUMMARY: await makeDirectory() })).toBe(
    "  The summary could not be added to GITHUB_STEP_SUMMARY.\n",
  );
});
