import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingLauncher, requireLaunchers } from "../../src/project/launchers.ts";
import { makeDirectory, writeFiles } from "../support/repository.ts";

test.each([
  ["uv run pytest", "uv"],
  ["poetry run pytest -m unit", "poetry"],
  ["NODE_ENV=test pnpm exec vitest run", "pnpm"],
  ["tsc && bun run jest", "bun"],
])("%s needs %s", (command, program) => {
  expect(missingLauncher(command, "/", { PATH: "/nowhere" })?.program).toBe(program);
});

test("a script's own package manager is needed too", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "package.json": '{"scripts":{"test":"pnpm run unit","unit":"jest"}}', "bin/npm": "" });
  await chmod(join(directory, "bin/npm"), 0o755);
  expect(missingLauncher("npm test", directory, { PATH: join(directory, "bin") })?.program).toBe("pnpm");
});

test("what is on PATH, or is no launcher, is not missing", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { uv: "" });
  await chmod(join(directory, "uv"), 0o755);
  expect(missingLauncher("uv run pytest && cat results", directory, { PATH: directory })).toBeNull();
});

test("it is told as what it is, with what installs it", () => {
  expect(() => requireLaunchers({ name: "api", command: "uv run pytest" }, "/", { PATH: "" })).toThrow(
    "api: uv is not installed, which `uv run pytest` needs. Install it with: pipx install uv",
  );
});
