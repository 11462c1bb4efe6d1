import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { makeDirectory } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";

/** What a script prints that has what tracing/record.mjs gives, and the checkout's absolute path as `root`. */
async function printed(script: string): Promise<unknown> {
  const root = await makeDirectory();
  const module = pathToFileURL(adapterPath("tracing/record.mjs")).href;
  const whole = `import * as record from ${JSON.stringify(module)};\nconst root = ${JSON.stringify(root)};\n${script}`;
  const command = `${quote(process.execPath)} --input-type=module -e ${quote(whole)}`;
  return JSON.parse((await runShell(command, root, suiteEnvironment({ VERIFY_CHECKOUT: root }))).output);
}

test("what lies in the checkout has the same name in each worktree, its root too", async () => {
  const paths = '[root, root + "/src/a.js", "/elsewhere/a.js"]';
  expect(await printed(`console.log(JSON.stringify(${paths}.map(record.nameOf)));`)).toEqual([
    ".",
    "src/a.js",
    "/elsewhere/a.js",
  ]);
});

test("a file that is left out and of which nothing is recorded is no silent gap", async () => {
  const reused = '{ files: ["test/a.test.js"], compared: [], coverage: [] }';
  const script = `try { [...record.recordedCoverage(${reused})]; } catch ({ message }) { console.log(JSON.stringify(message)); }`;
  expect(await printed(script)).toBe("nothing is recorded of test/a.test.js");
});

test("a file that ran although it was left out is refused", async () => {
  const call = 'record.refuseUnexpected({ files: ["test/a.test.js"] }, new Set(["test/a.test.js"]))';
  const script = `try { ${call}; } catch ({ message }) { console.log(JSON.stringify(message)); }`;
  expect(await printed(script)).toBe("test/a.test.js ran although it was left out");
});
