import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CoverageParts } from "../../../src/suite/runners/adapters/jest/coverage.mjs";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

const script = { url: "/app/src/a.ts", functions: [] };

/** What is kept of a test file, and the code that is kept beside it. */
async function kept() {
  const root = await makeDirectory();
  await writeFiles(root, { "cache/a.map": '{"sources":["/app/src/a.ts"]}' });
  const compiled = { code: "1;", originalCode: "1 as number;", sourceMapPath: join(root, "cache/a.map") };
  const parts = new CoverageParts(root);
  const covered = { v8Coverage: [{ result: script, codeTransformResult: compiled }, { result: script }] };
  const part = parts.of("", covered);
  parts.of("", covered);
  const lines = (await readFile(join(root, "coverage.jsonl"), "utf8")).trim().split("\n");
  const code = Object.fromEntries(lines.map((line) => JSON.parse(line)).map(({ file, ...own }) => [file, own]));
  return { root, part, lines, code };
}

test("what V8 saw is given back with the code that it saw, though jest's cache is gone; the code is kept once", async () => {
  const { root, part, lines, code } = await kept();
  expect(lines).toHaveLength(1);
  await rm(join(root, "cache"), { recursive: true });
  const [first, second] = new CoverageParts(root).read(part, code).v8Coverage ?? [];
  const { code: text, originalCode, sourceMapPath } = first?.codeTransformResult ?? {};
  expect({ text, originalCode, result: first?.result }).toEqual({
    text: "1;",
    originalCode: "1 as number;",
    result: script,
  });
  expect(await readFile(sourceMapPath ?? "", "utf8")).toBe('{"sources":["/app/src/a.ts"]}');
  expect(second).toEqual({ result: script });
});

test("coverage whose code is lost is not given back", async () => {
  const { root, part } = await kept();
  expect(() => new CoverageParts(root).read(part, {})).toThrow("code that was covered is lost");
});

test("what istanbul counted is given back as it was, and nothing where nothing was covered", async () => {
  const parts = new CoverageParts(await makeDirectory());
  const coverage = { "/app/src/a.ts": { s: { 0: 1 } } };
  expect(parts.read(parts.of("", { coverage }), {})).toEqual({ coverage });
  expect(parts.read(parts.of("", {}), {})).toEqual({ coverage: {} });
});
