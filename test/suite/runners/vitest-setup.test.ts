import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";

test("what vite loads for a globalSetup is told apart from what Node itself loads, and what cannot be traced says so", async () => {
  const base = await makeDirectory();
  const checkout = join(base, "root");
  await writeFiles(checkout, { "native.cjs": "exports.one = 1;\n" });
  const script = `
    import { createRequire } from "node:module";
    import { hasSetup, SetupModules } from ${JSON.stringify(pathToFileURL(adapterPath("vitest/setup.mjs")).href)};
    const checkout = ${JSON.stringify(checkout)};
    const modules = [
      { file: checkout + "/global.ts", meta: {} },
      { file: checkout + "/node_modules/pg/index.js", meta: {} },
      { file: "/elsewhere.ts", meta: {} },
      { file: checkout + "/built.js", meta: { externalize: checkout + "/built.js" } },
    ];
    const begin = () => {
      const trace = { always: null, reads: new Set(), hasMissed: false };
      const runner = {
        transport: { invoke: async (name) => { if (name === "missing") throw new Error(name); } },
        evaluatedModules: { idToModuleMap: new Map(modules.map((module) => [module.file, module])) },
      };
      return { trace, runner, setup: new SetupModules({ runner, projects: [{ runner }] }, trace) };
    };
    const said = [hasSetup({ config: { globalSetup: [] } }), hasSetup({ config: { globalSetup: "global.ts" } })];
    const plain = begin();
    await plain.runner.transport.invoke("found");
    said.push(plain.setup.found(checkout), plain.trace.hasMissed);
    const other = begin();
    await other.runner.transport.invoke("missing").catch(() => {});
    other.trace.always = "starts a process";
    said.push(other.setup.found(checkout).why, other.trace.hasMissed);
    const native = begin();
    createRequire(checkout + "/global.ts")("./native.cjs");
    said.push(native.setup.found(checkout).why);
    const read = begin();
    read.trace.reads.add(checkout + "/native.cjs");
    delete createRequire(checkout + "/global.ts").cache[checkout + "/native.cjs"];
    createRequire(checkout + "/global.ts")("./native.cjs");
    said.push(read.setup.found(checkout).why);
    console.log(JSON.stringify(said));`;
  const { output } = await runShell(
    `${quote(process.execPath)} --input-type=module -e ${quote(script)}`,
    base,
    suiteEnvironment(),
  );
  expect(JSON.parse(output)).toEqual([
    false,
    true,
    { files: [`${checkout}/global.ts`], why: null },
    false,
    "its globalSetup starts a process",
    true,
    "its globalSetup loads native.cjs past vite",
    null,
  ]);
});
