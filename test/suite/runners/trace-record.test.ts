import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { makeDirectory } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";

test("what lies in the checkout has the same name in each worktree, its root too", async () => {
  const root = await makeDirectory();
  const paths = [root, join(root, "src/a.js"), "/elsewhere/a.js"];
  const script = `
    import { nameOf } from ${JSON.stringify(pathToFileURL(adapterPath("trace-record.mjs")).href)};
    console.log(JSON.stringify(${JSON.stringify(paths)}.map(nameOf)));`;
  const command = `${quote(process.execPath)} --input-type=module -e ${quote(script)}`;
  const { output } = await runShell(command, root, suiteEnvironment({ VERIFY_CHECKOUT: root }));
  expect(JSON.parse(output)).toEqual([".", "src/a.js", "/elsewhere/a.js"]);
});
