import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportV8 } from "../../../src/coverage/v8/report.ts";
import { type Files, makeDirectory, writeFiles } from "../../support/repository.ts";

const sources: Files = {
  "src/used.cjs": "module.exports = (x) => {\n  if (x) return 1;\n  return 2;\n};\n",
  "src/unused.mts": "export const a = 1;\n",
  "lib/other.cjs": "module.exports = 1;\n",
  "a.test.cjs": 'require("./src/used.cjs")(1);\nrequire("./lib/other.cjs");\n',
};

/** What is reported of the project above with further files, and the lines of each file in the LCOV. */
async function report(more: Files, source: readonly string[] = []) {
  const directory = await makeDirectory();
  await writeFiles(directory, { ...sources, ...more });
  const raw = join(directory, "raw");
  execFileSync(process.execPath, ["a.test.cjs"], { cwd: directory, env: { ...process.env, NODE_V8_COVERAGE: raw } });
  const { named, left } = await reportV8({
    directory,
    raw,
    target: join(directory, "report"),
    source: source.map((path) => ({ place: join(directory, path), include: `${path}/**` })),
    files: Object.keys(sources).map((file) => join(directory, file)),
  });
  const short = (files: readonly string[]) => files.map((file) => file.slice(directory.length + 1)).sort();
  const lcov = readFileSync(join(directory, "report", "lcov.info"), "utf8");
  const records = [...lcov.matchAll(/^SF:(.*)\n[\s\S]*?end_of_record/gm)].map(([text, file]) => [
    file,
    [...text.matchAll(/^DA:\d+,(\d+)/gm)].map(([, hits]) => Number(hits)),
  ]);
  return { named: named && short(named), left: short(left), lines: Object.fromEntries(records) };
}

test("without any configuration what was loaded counts, but tests", async () => {
  expect(await report({})).toEqual({
    named: null,
    left: ["a.test.cjs"],
    lines: { "src/used.cjs": [1, 1, 0, 1], "lib/other.cjs": [1] },
  });
});

test("with a suite's source, all of it counts, loaded or not, and nothing else", async () => {
  expect(await report({ ".c8rc": '{ "include": ["lib/**"] }' }, ["src"])).toEqual({
    named: ["src/unused.mts", "src/used.cjs"],
    left: [],
    lines: { "src/used.cjs": [1, 1, 0, 1], "src/unused.mts": [0] },
  });
});

test("a project's own include and exclude are heeded, and what exclude leaves out is named", async () => {
  expect(await report({ ".c8rc": '{ "all": true, "include": ["src/**"], "exclude": ["src/*.cjs"] }' })).toEqual({
    named: ["src/unused.mts"],
    left: ["a.test.cjs", "lib/other.cjs", "src/used.cjs"],
    lines: { "src/unused.mts": [0] },
  });
});
