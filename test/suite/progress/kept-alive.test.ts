import { expect, test } from "vitest";
import { makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makeNodeRepository } from "../../support/node-suite.ts";
import type { Repository } from "../../support/repository.ts";
import { makePytestRepository, type Outcome, readSummary, runIn, userEnvironment } from "../../support/verify.ts";

/** Milliseconds that are a second to whoever watches a process: what is waited for comes four times sooner. */
const second = 250;

async function runSerially(root: string): Promise<Outcome> {
  const environment = await userEnvironment({ VERIFY_ALIVE_SECOND: String(second) });
  return await runIn(root, ["--serial"], { environment });
}

/** One test that passes, and something that goes on. */
const passes = 'test("adds", () => { if (require("../src/sums.js").add(1, 2) !== 3) throw new Error(); });\n';
const server = 'require("node:net").createServer().listen(0);\n';
const timer = "setInterval(() => {}, 1000);\n";
const fromNode = 'const { test } = require("node:test");\n';
const fromMocha = 'const { it: test } = require("mocha");\n';
const thread = `import threading, time
from sums import add


def test_adds():
    assert add(1, 2) == 3
    threading.Thread(target=lambda: time.sleep(60), name="poller").start()
`;

const shapes: [string, () => Promise<Repository>][] = [
  ["a server that listens on port", () => makeMochaRepository({ "test/a.test.js": fromMocha + server + passes })],
  ["a timer", () => makeNodeRepository({ "test/a.test.js": fromNode + timer + passes })],
  ["a server that listens on port", () => makeJestRepository({ "test/a.test.js": server + passes })],
  ["the thread poller", () => makePytestRepository({ "tests/test_sums.py": thread })],
];

async function expectTold(holder: string, { root }: Repository): Promise<void> {
  const { code, output } = await runSerially(root);
  expect(output).toContain(`The tests are over, and the process has not ended yet: ${holder}`);
  const { suites, reasons, coverage } = await readSummary(root);
  expect(suites[0]?.tests).toEqual({ total: 1, passed: 1, failed: 0, skipped: 0 });
  expect(reasons).toEqual([expect.stringContaining("are over, and its runner did not end")]);
  expect(reasons[0]).toContain(holder);
  expect(coverage?.lines.covered).toBe(coverage?.lines.total);
  expect(code).toBe(1);
}

// Side by side, as all of them wait most of the time.
test("tests of any runner that are over are counted, and what keeps its process alive is told", async () => {
  const made = await Promise.all(shapes.map(async ([holder, make]) => [holder, await make()] as const));
  await Promise.all(made.map(([holder, repository]) => expectTold(holder, repository)));
}, 90_000);

test("a process that ends some seconds after its tests, as an idle pool does, is verified", async () => {
  const files = { "test/a.test.js": `${fromMocha}setTimeout(() => {}, ${12 * second});\n${passes}` };
  const { root } = await makeMochaRepository(files);
  const { code, output } = await runSerially(root);
  expect(output).toContain("a timer keeps it alive");
  expect(code).toBe(0);
}, 60_000);

test("tests of node:test that are awaited one after another are not taken for over between them", async () => {
  const slow = `await test("slow", async () => { await new Promise((resolve) => setTimeout(resolve, ${5 * second})); });\n`;
  const start = 'import { test } from "node:test";\nimport "../src/sums.js";\nawait test("quick", () => {});\n';
  const { root } = await makeNodeRepository({ "test/a.test.mjs": start + slow }, {}, { coverage: { lines: 0 } });
  const { code, output } = await runSerially(root);
  expect(output).not.toContain("has not ended yet");
  expect(code).toBe(0);
}, 60_000);
