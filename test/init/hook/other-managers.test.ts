import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RequestError, UnavailableError } from "../../../src/shared/errors.ts";
import { completePackage, type Prepared, pathWithGitOnly, prepare, pytestFiles } from "../prepared.ts";

const listed = { ...pytestFiles, "package.json": '{ "devDependencies": { "pushproof": "*" } }\n' };
const read = (repository: Prepared, path: string): Promise<string> => readFile(join(repository.root, path), "utf8");

it.each([
  [".pre-commit-config.yaml", "repos: []\n", "pre-commit install --hook-type pre-push"],
  ["lefthook.yml", "pre-commit:\n  jobs: []\n", "lefthook install"],
])(
  "writes the entry into %s where its manager cannot be started, and names the command",
  async (path, text, command) => {
    const repository = await prepare({ ...listed, [path]: text });
    const { error } = await repository.init({ environment: { PATH: await pathWithGitOnly(repository) } });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error?.message).toContain("The entry is written, but git does not run");
    expect(error?.message).toContain("could not be started). Run `");
    expect(error?.message).toContain(`Run \`${command}\`, then \`verify doctor\`.`);
    expect(await read(repository, path)).toContain("pushproof");
    expect(await repository.git("config", "--default", "", "--get", "core.hooksPath")).toBe("");
  },
);

it("prints the entry for a configuration that it does not write, and changes nothing of it", async () => {
  const text = '[pre-commit.commands.lint]\nrun = "true"\n';
  const repository = await prepare({ ...listed, "lefthook.toml": text });
  const { error } = await repository.init();
  expect(error).toBeInstanceOf(RequestError);
  expect(error?.message).toContain(
    "put this into lefthook.toml, then run `verify init` again:\n\n  [pre-push.scripts.pushproof]",
  );
  expect(await read(repository, "lefthook.toml")).toBe(text);
});

it("goes on once the entry is there, with the script that it names", async () => {
  const text = '[pre-push.scripts.pushproof]\nrunner = "sh"\nuse_stdin = true\n';
  const repository = await prepare({ ...listed, "lefthook.toml": text });
  await repository.write({ ".git/hooks/pre-push": '#!/bin/sh\ncall_lefthook run "pre-push" "$@"\n' });
  await chmod(join(repository.root, ".git/hooks/pre-push"), 0o755);
  const { exitCode, output } = await repository.init();
  expect(exitCode, output).toBe(0);
  expect(await read(repository, ".lefthook/pre-push/pushproof")).toBe(
    'exec sh node_modules/pushproof/hooks/pre-push "$@"\n',
  );
});

it("does not start simple-git-hooks where that would remove hooks of others", async () => {
  const fields = { devDependencies: { pushproof: "*" }, "simple-git-hooks": { "pre-commit": "true" } };
  const repository = await prepare({ ...pytestFiles, "package.json": JSON.stringify(fields) });
  await mkdir(join(repository.root, ".git/hooks"), { recursive: true });
  await writeFile(join(repository.root, ".git/hooks/commit-msg"), "#!/bin/sh\n", { mode: 0o755 });
  const { error } = await repository.init();
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error?.message).toMatch(/simple-git-hooks would remove \S+\/\.git\/hooks\/commit-msg/);
  expect(await read(repository, ".git/hooks/commit-msg")).toBe("#!/bin/sh\n");
});

it("takes husky where the repository has it, whatever else is configured", async () => {
  const files = { ".husky/commit-msg": "true\n", "lefthook.yml": "pre-push: {}\n", "package.json": completePackage };
  const repository = await prepare({ ...pytestFiles, ...files });
  await repository.init();
  expect(await repository.git("config", "core.hooksPath")).toBe(".husky/_");
});

it("refuses a broken configuration of a manager before it writes anything", async () => {
  const repository = await prepare({ ...listed, ".simple-git-hooks.json": "{ oops" });
  const { error } = await repository.init();
  expect(error?.message).toMatch(/^\.simple-git-hooks\.json is not valid JSON \(.*\): correct it/);
  expect(await repository.git("status", "--porcelain")).toBe("");
});
