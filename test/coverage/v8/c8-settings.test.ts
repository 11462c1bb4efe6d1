import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readC8Settings } from "../../../src/coverage/v8/c8-settings.ts";
import { packageRoot } from "../../../src/shared/paths.ts";
import { type Files, makeDirectory, writeFiles } from "../../support/repository.ts";

const json = JSON.stringify;

/** Projects by what their c8 configuration is; each is read in `app`. */
const projects: Readonly<Record<string, Files>> = {
  "none at all": {},
  "a .c8rc": { "app/.c8rc": json({ include: ["src/**"], exclude: "src/a.js", all: true }) },
  "a .c8rc.json above": { ".c8rc.json": json({ "exclude-after-remap": true, extension: [".js"] }) },
  "a .nycrc beside a .nycrc.json": {
    "app/.nycrc": json({ include: ["one/**"] }),
    "app/.nycrc.json": json({ include: ["two/**"] }),
  },
  "one here that hides the one above": {
    "app/.nycrc.json": json({ src: ["lib", "bin"] }),
    ".c8rc": json({ src: "other", all: true }),
  },
  "package.json's field": { "app/package.json": json({ c8: { excludeNodeModules: false, allowExternal: true } }) },
  "package.json above": { "package.json": json({ c8: { x: ["a/**"], n: "b/**", e: ".ts", a: true } }) },
  "a nearer package.json without the field": {
    "app/package.json": json({ name: "app" }),
    "package.json": json({ c8: { all: true } }),
  },
  "a file beside package.json's field": {
    "app/.c8rc": json({ include: ["src/**"] }),
    "app/package.json": json({ c8: { include: ["lib/**"], exclude: ["lib/a.js"], "omit-relative": false } }),
  },
  "a file that extends another": {
    "app/.c8rc": json({ extends: "../base/.c8rc.json", include: ["src/**"] }),
    "base/.c8rc.json": json({ extends: "./all.json", include: ["lib/**"], exclude: ["x"] }),
    "base/all.json": json({ all: true, wrapperLength: 3 }),
  },
  "a file that extends a package that is missing": { "app/.c8rc": json({ extends: "nothing-of-it", all: true }) },
  "switches as text": { "app/.c8rc": json({ all: "true", "exclude-node-modules": "false" }) },
};

const keys = [
  ...["include", "exclude", "extension", "excludeNodeModules", "excludeAfterRemap", "allowExternal"],
  ...["omitRelative", "all", "src", "resolve", "wrapperLength"],
];

/** Prints what c8 itself reads in each of the directories that it is given. */
const askC8 = `
const { buildYargs } = require("c8/lib/parse-args");
console.log(JSON.stringify(JSON.parse(process.argv[1]).map((directory) => {
  process.chdir(directory);
  const argv = buildYargs().parse(["report"]);
  return Object.fromEntries(${json(keys)}.map((key) => [key, argv[key]]));
})));`;

describe("settings are those that c8 itself reads, from", () => {
  const c8: Record<string, Record<string, unknown>> = {};
  const directories: Record<string, string> = {};

  beforeAll(async () => {
    for (const [name, files] of Object.entries(projects)) {
      const root = await makeDirectory(afterAll);
      await writeFiles(root, { "app/index.js": "", ...files });
      directories[name] = join(root, "app");
    }
    const output = execFileSync(process.execPath, ["-e", askC8, json(Object.values(directories))], {
      cwd: packageRoot,
      encoding: "utf8",
    });
    for (const [index, settings] of JSON.parse(output).entries()) c8[Object.keys(projects)[index] ?? ""] = settings;
  });

  test.each(Object.keys(projects))("%s", (name) => {
    const own = readC8Settings(directories[name] ?? "");
    expect({ ...c8["none at all"], ...own }).toEqual(c8[name]);
  });
});

test("a file that cannot be read is named", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { ".c8rc": "{" });
  expect(() => readC8Settings(root)).toThrow(`${join(root, ".c8rc")} cannot be read: `);
});

test("a file that extends itself is named, and not read for ever", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { ".c8rc": json({ extends: "./b.json" }), "b.json": json({ extends: "./.c8rc" }) });
  expect(() => readC8Settings(root)).toThrow("extends itself");
});
