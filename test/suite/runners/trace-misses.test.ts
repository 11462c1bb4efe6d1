import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";

/** Who asked for modules that were not there, as a script of CommonJS does. */
async function askersOf(script: string): Promise<{ askers: readonly string[]; root: string }> {
  const root = await makeDirectory();
  const watch = pathToFileURL(adapterPath("tracing/misses.mjs")).href;
  await writeFiles(root, {
    "main.mjs": `import { watchMisses } from ${JSON.stringify(watch)};\nimport { createRequire } from "node:module";\nconst askers = [];\nwatchMisses((asker) => askers.push(asker));\ncreateRequire(import.meta.url)("./asks.cjs");\nconsole.log(JSON.stringify(askers));\n`,
    "asks.cjs": script,
    "there.cjs": "",
  });
  const { output } = await runShell(`${quote(process.execPath)} main.mjs`, root, suiteEnvironment());
  return { askers: JSON.parse(output), root };
}

const asking = (name: string): string => `try { require(${JSON.stringify(name)}); } catch {}\n`;

test("a file that asks for a module that is not there is told, and none that finds it", async () => {
  const { askers, root } = await askersOf(asking("./there.cjs") + asking("./gone.cjs"));
  expect(askers).toEqual([join(root, "asks.cjs")]);
});

test("what tries other names in place of Node's function has missed only where it gives up", async () => {
  const trying = `const Module = require("node:module");
const plain = Module._resolveFilename;
Module._resolveFilename = (name, ...more) => {
  try {
    return plain(name + ".ts", ...more);
  } catch {
    return plain(name, ...more);
  }
};
`;
  const { askers, root } = await askersOf(trying + asking("./there.cjs") + asking("./gone.cjs"));
  expect(askers).toEqual([join(root, "asks.cjs")]);
});
