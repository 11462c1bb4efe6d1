import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pytestPython, withOwnPytest } from "../../../src/init/detect/pytest-python.ts";
import { type Files, makeDirectory, writeFiles } from "../../support/repository.ts";

/** A PATH of these directories, in which all files are programs but those of settings. */
async function pathOf(files: Files, directories: readonly string[]): Promise<{ root: string; PATH: string }> {
  const root = await makeDirectory();
  await writeFiles(root, files);
  const programs = Object.keys(files).filter((path) => !path.endsWith(".cfg"));
  for (const path of programs) await chmod(join(root, path), 0o755);
  return { root, PATH: directories.map((directory) => join(root, directory)).join(":") };
}

test.each([
  ["uv run pytest -q", "uv run python3"],
  [".venv/bin/pytest", ".venv/bin/python3"],
  ["DEBUG=1 python3.11 -m pytest", "DEBUG=1 python3.11"],
  ["make test", null],
  ["tox -- pytest", null],
])("the Python of `%s` is %j", (command, python) => {
  expect(pytestPython(command, { PATH: "" })).toBe(python);
});

test("the Python of a plain pytest is that of the script on PATH, not the first Python there", async () => {
  const files = { "first/python3": "", "second/pytest": "#!/opt/own/bin/python3.11\n" };
  const { PATH } = await pathOf(files, ["first", "second"]);
  expect(pytestPython("DEBUG=1 pytest", { PATH })).toBe("DEBUG=1 /opt/own/bin/python3.11");
});

test("a script of another language has the Python that lies beside it", async () => {
  const files = { "first/python3": "", "second/pytest": "#!/usr/bin/env bash\n", "second/python3": "" };
  const { root, PATH } = await pathOf(files, ["first", "second"]);
  expect(pytestPython("pytest", { PATH })).toBe(join(root, "second/python3"));
});

const environment = { "venv/bin/python3": "", "other/pytest": "" };

test.each([
  ["true", {}, "python3 -m pytest -x"],
  ["false", {}, "pytest -x"],
  ["true", { "venv/bin/pytest": "" }, "pytest -x"],
])("with include-system-site-packages = %s and %j, `pytest -x` becomes `%s`", async (sees, more, command) => {
  const files = { ...environment, ...more, "venv/pyvenv.cfg": `include-system-site-packages = ${sees}\n` };
  const { PATH } = await pathOf(files, ["venv/bin", "other"]);
  expect(withOwnPytest("pytest -x", { PATH })).toBe(command);
});
