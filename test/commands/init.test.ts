import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { init } from "../../src/commands/init.ts";
import { configSchema } from "../../src/config/schema.ts";
import { InterruptedError, RequestError, UnavailableError } from "../../src/shared/errors.ts";
import {
  completePackage,
  huskyDirectory,
  type Prepared,
  pathWithGitOnly,
  prepare,
  pytestFiles,
} from "../init/prepared.ts";
import type { Files } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { captureWorld } from "../support/world.ts";

const complete: Files = { ...pytestFiles, "package.json": completePackage };
const read = async (repository: Prepared, path: string): Promise<string> =>
  await readFile(join(repository.root, path), "utf8");
const hooksPath = async (repository: Prepared): Promise<string> =>
  await repository.git("config", "--default", "", "--get", "core.hooksPath");
/** Pushes as a user does, with the hooks of the repository. */
const push = async (repository: Prepared) =>
  await runShell("git push origin main", repository.root, { ...repository.environment, HUSKY: undefined });
/** Every file's text that git would commit, by path. */
const snapshot = async (repository: Prepared): Promise<Record<string, string>> => {
  const listing = await repository.git("ls-files", "--cached", "--others", "--exclude-standard");
  const paths = listing.split("\n").filter((path) => path !== "");
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await read(repository, path)] as const)),
  );
};

describe("verify init in a repository with a pytest suite", () => {
  it("writes a configuration that is valid and holds what it found", async () => {
    const repository = await prepare(complete);
    expect((await repository.init()).exitCode).toBe(0);
    const config = JSON.parse(await read(repository, "verify.config.json"));
    expect(configSchema.safeParse(config).success).toBe(true);
    expect(config).toEqual({
      $schema: "./node_modules/pushproof/dist/verify.config.schema.json",
      suites: [{ name: "ledger", runner: "pytest", command: "pytest", source: ["ledger"] }],
      database: { name: "ledger_test", variables: { TEST_DATABASE_URL: "postgresql+asyncpg" } },
    });
  });

  it("has git run the hook, which sees the next push", async () => {
    const repository = await prepare(complete);
    await repository.init();
    expect(await hooksPath(repository)).toBe(".husky/_");
    expect((await push(repository)).output).toContain("pushproof got: refs/heads/main");
  });

  describe("asks at a terminal whether to keep tables that a fixture makes before every test", () => {
    const making: Files = {
      ...complete,
      "tests/conftest.py": `${pytestFiles["tests/conftest.py"]}
@pytest.fixture
def engine():
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
`,
    };
    const found = "`engine` (tests/conftest.py:6) makes the tables before every test and drops them after";
    const initAt = async (answer?: string) => {
      const repository = await prepare(making);
      const { output } = await repository.init(answer === undefined ? {} : { answer });
      const { database } = JSON.parse(await read(repository, "verify.config.json"));
      return { output: output.replace(/\s+/g, " "), database };
    };

    it("and writes it after a yes", async () => {
      const { output, database } = await initAt("y\n");
      expect(output).toContain(`${found}. Keep the tables, and take only the rows out? [y/N]`);
      expect(database.schema).toBe("reset");
    });

    it("and leaves it after a no, without further advice", async () => {
      const { output, database } = await initAt("n\n");
      expect(output).not.toContain('"schema": "reset"');
      expect(database).not.toHaveProperty("schema");
    });

    it("and says how to switch it on where nobody answers", async () => {
      const { output, database } = await initAt();
      expect(output).toContain(`! ${found}: with "schema": "reset" in "database" the tables stay`);
      expect(database).not.toHaveProperty("schema");
    });
  });

  describe("asks at a terminal whether migrations make the tables, where tests may make them", () => {
    const migrated: Files = {
      ...complete,
      "alembic.ini": "[alembic]\n",
      "alembic/env.py": 'os.environ["TEST_DATABASE_URL"]\n',
      "tests/test_tables.py": "Base.metadata.create_all(engine)\n",
    };
    const initAt = async (files: Files, answer: string) => {
      const repository = await prepare(files);
      // Nothing is there that could be installed, so that it asks for nothing else.
      const environment = { PATH: await pathWithGitOnly(repository) };
      const { output } = await repository.init({ answer, environment });
      return { output, config: JSON.parse(await read(repository, "verify.config.json")) };
    };

    it("and writes them after a yes", async () => {
      const { output, config } = await initAt(migrated, "y\n");
      expect(output).toContain("Does `alembic upgrade head` make the tables that the tests expect");
      expect(config.database).toMatchObject({ setup: "alembic upgrade head", inputs: ["alembic.ini", "alembic/**"] });
    });

    it("and leaves them after a no, without further advice", async () => {
      const { output, config } = await initAt(migrated, "n\n");
      expect(config.database).not.toHaveProperty("setup");
      expect(output).not.toContain('add to "database"');
    });

    it("and never where they may go to a database of the user's", async () => {
      const { output, config } = await initAt({ ...migrated, "alembic/env.py": "url = config.get('url')\n" }, "y\n");
      expect(output).not.toContain("[y/N]");
      expect(config.database).not.toHaveProperty("setup");
    });
  });

  it("says what it did, what it guessed from where, and what to do next", async () => {
    const repository = await prepare(complete);
    const { output } = await repository.init();
    expect(output).toContain("✔ verify.config.json written");
    expect(output).toContain("TEST_DATABASE_URL (postgresql+asyncpg), read in tests/conftest.py:3");
    expect(output).toContain(
      "Next: commit verify.config.json, .husky/pre-push; then `git push` verifies what it pushes.",
    );
    expect(output).toContain("npx verify --working-tree");
  });

  it("suggests migrations for a suite that expects its tables", async () => {
    const repository = await prepare({ ...complete, "alembic.ini": "" });
    expect((await repository.init()).output).toContain(
      '! if the tests expect their tables to be there, add to "database"',
    );
  });

  it("takes over the coverage thresholds that are there, and names their file", async () => {
    const coveragerc = "[run]\nbranch = true\n[report]\nfail_under = 90\n";
    const repository = await prepare({ ...complete, ".coveragerc": coveragerc });
    const { output } = await repository.init();
    expect(JSON.parse(await read(repository, "verify.config.json")).coverage).toEqual({ lines: 90 });
    expect(output).toContain(
      "    coverage: lines 90, from .coveragerc ([report] fail_under) (default: 95)\n      applied to lines",
    );
  });

  it("says nothing of coverage thresholds where the configuration stays as it is", async () => {
    const text = '{ "suites": [] }\n';
    const files = { ...complete, ".coveragerc": "[report]\nfail_under = 90\n", "verify.config.json": text };
    const repository = await prepare(files);
    expect((await repository.init()).output).not.toContain("coverage");
    expect(await read(repository, "verify.config.json")).toBe(text);
  });

  it("changes nothing the second time, and says so", async () => {
    const repository = await prepare(complete);
    await repository.init();
    await repository.commit("Verify pushes");
    const before = await snapshot(repository);
    const second = await repository.init();
    expect(second.exitCode).toBe(0);
    expect(await snapshot(repository)).toEqual(before);
    expect(second.output).not.toContain("✔");
    expect(second.output).toContain("All set");
  });

  it("works from a subdirectory", async () => {
    const repository = await prepare(complete);
    expect((await repository.init({ directory: "tests" })).exitCode).toBe(0);
    expect(existsSync(join(repository.root, "verify.config.json"))).toBe(true);
    expect(existsSync(join(repository.root, "tests/verify.config.json"))).toBe(false);
  });

  it("speaks in color only on a terminal without NO_COLOR", async () => {
    const repository = await prepare(complete);
    const run = async (environment: Record<string, string>): Promise<string> => {
      const captured = captureWorld({
        directory: repository.root,
        environment: { ...repository.environment, ...environment },
      });
      await init({ ...captured.world, output: Object.assign(captured.world.output, { isTTY: true }) }, repository.own);
      return captured.output();
    };
    expect(await run({ NO_COLOR: "1", HUSKY: "" })).not.toContain("\u001b[");
    expect(await run({ NO_COLOR: "", HUSKY: "" })).toContain("\u001b[");
  });
});

describe("verify init and what is there already", () => {
  it.each([
    ["verify.config.json", "{ }"],
    ["verify.config.yaml", "suites: []\n"],
    ["verify.config.ts", "export default {}\n"],
  ])("leaves %s word for word", async (path, text) => {
    const repository = await prepare({ ...complete, [path]: text });
    const { output, exitCode } = await repository.init();
    expect(exitCode).toBe(0);
    expect(await read(repository, path)).toBe(text);
    expect(output).toContain(`${path} exists already`);
    expect(existsSync(join(repository.root, "verify.config.json"))).toBe(path === "verify.config.json");
  });

  it("writes no file beside a configuration in package.json", async () => {
    const text = completePackage.replace("{", '{\n  "verify": { "suites": [] },');
    const repository = await prepare({ ...complete, "package.json": text });
    await repository.init();
    expect(await read(repository, "package.json")).toBe(text);
    expect(existsSync(join(repository.root, "verify.config.json"))).toBe(false);
  });

  it("keeps the modes of the files it completes, and makes a hook that may be run", async () => {
    const repository = await prepare({ ...pytestFiles, "package.json": "{}\n" });
    await chmod(join(repository.root, "package.json"), 0o640);
    await repository.init();
    const modeOf = async (path: string): Promise<number> => (await stat(join(repository.root, path))).mode & 0o777;
    expect(await modeOf("package.json")).toBe(0o640);
    expect((await modeOf(".husky/pre-push")) & 0o100).toBe(0o100);
  });

  it("completes the package.json that a link leads to, and keeps the link", async () => {
    const repository = await prepare({ ...pytestFiles, "shared/package.json": "{}\n" });
    await symlink("shared/package.json", join(repository.root, "package.json"));
    await repository.init();
    expect(await read(repository, "shared/package.json")).toContain("husky");
    expect((await lstat(join(repository.root, "package.json"))).isSymbolicLink()).toBe(true);
  });

  it("keeps a pre-push hook of the user's and runs it after its own", async () => {
    const theirs = '#!/usr/bin/env sh\nread -r ref rest\necho "theirs got: $ref" >&2\nexit 0\n';
    const repository = await prepare({ ...complete, ".husky/pre-push": theirs });
    const { output } = await repository.init();
    expect(output).toContain("what was there is kept");
    expect((await read(repository, ".husky/pre-push")).endsWith(theirs.split("\n").slice(1).join("\n"))).toBe(true);
    expect((await push(repository)).output).toMatch(/pushproof got[\s\S]*theirs got: refs\/heads\/main/);
  });

  it("has git ignore node_modules where it does not yet", async () => {
    const repository = await prepare({ ...complete, ".gitignore": "*.pyc" }, { installed: false });
    await repository.init({ environment: { PATH: await pathWithGitOnly(repository) } });
    expect(await read(repository, ".gitignore")).toBe("*.pyc\nnode_modules/\n");
  });

  it("refuses a package.json that is broken before it writes anything", async () => {
    const repository = await prepare({ ...pytestFiles, "package.json": "{ oops" });
    const { error } = await repository.init();
    expect(error).toBeInstanceOf(RequestError);
    expect(error?.message).toContain("package.json is not valid JSON");
    expect(await repository.git("status", "--porcelain")).toBe("");
  });
});

describe("verify init where no suite is found", () => {
  it("writes nothing, says what it looked for and shows a configuration to write", async () => {
    const repository = await prepare({
      "readme.md": "",
      "package.json": completePackage,
      ".gitignore": "node_modules\n",
    });
    const { error } = await repository.init();
    expect(error).toBeInstanceOf(RequestError);
    expect(error?.message).toContain("No suite was found");
    expect(error?.message).toContain('"runner": "pytest"');
    expect(await repository.git("status", "--porcelain")).toBe("");
    expect(await hooksPath(repository)).toBe("");
  });
});

describe("verify init where someone else has the hooks", () => {
  it("puts the hook into the directory that core.hooksPath names, and adds no husky", async () => {
    const repository = await prepare({ ...pytestFiles, "package.json": "{}\n" });
    await repository.git("config", "core.hooksPath", ".githooks");
    const { output, exitCode } = await repository.init();
    expect(exitCode).toBe(0);
    expect(output).toContain("✔ .githooks/pre-push written");
    expect(await hooksPath(repository)).toBe(".githooks");
    expect(Object.keys(JSON.parse(await read(repository, "package.json")))).toEqual(["devDependencies"]);
    expect((await push(repository)).output).toContain("pushproof got: refs/heads/main");
  });

  it("keeps what a hook of that directory does, and says where git does not run it", async () => {
    const theirs = "#!/usr/bin/env bash\necho 'theirs ran' >&2\n";
    const repository = await prepare({ ...complete, ".githooks/pre-push": theirs });
    await repository.git("config", "core.hooksPath", ".githooks");
    expect((await repository.init()).output).toContain("chmod +x .githooks/pre-push");
    await chmod(join(repository.root, ".githooks/pre-push"), 0o755);
    expect((await push(repository)).output).toMatch(/pushproof got[\s\S]*theirs ran/);
  });

  it("does not put a shell's lines into another program's hook", async () => {
    const theirs = "#!/usr/bin/env python3\nprint()\n";
    const repository = await prepare({ ...complete, ".githooks/pre-push": theirs });
    await repository.git("config", "core.hooksPath", ".githooks");
    const { error } = await repository.init();
    expect(error?.message).toContain('.githooks/pre-push begins with "#!/usr/bin/env python3"');
    expect(await read(repository, ".githooks/pre-push")).toBe(theirs);
  });

  it("says that core.hooksPath=/dev/null keeps the hook out, and how to give it up", async () => {
    const repository = await prepare(complete);
    await repository.git("config", "core.hooksPath", "/dev/null");
    const { error } = await repository.init();
    expect(error).toBeInstanceOf(RequestError);
    expect(error?.message).toContain("`git config --local --unset core.hooksPath`");
    expect(await hooksPath(repository)).toBe("/dev/null");
  });

  it("gives the command for the scope that sets core.hooksPath", async () => {
    const repository = await prepare(complete);
    const global = join(repository.root, "..", "gitconfig");
    await repository.git("config", "--file", global, "core.hooksPath", "/opt/hooks");
    const { error } = await repository.init({ environment: { GIT_CONFIG_GLOBAL: global } });
    expect(error?.message).toContain("`git config --global --unset core.hooksPath`");
    expect(error?.message).toContain("`git config core.hooksPath .husky/_`");
    expect(error?.message).toContain("/opt/hooks/pre-push");
  });

  it("is content where their pre-push hook runs pushproof", async () => {
    const repository = await prepare({
      ...complete,
      ".githooks/pre-push": '#!/bin/sh\nsh node_modules/pushproof/hooks/pre-push "$@" || exit $?\n',
    });
    await repository.git("config", "core.hooksPath", ".githooks");
    const { exitCode, output } = await repository.init();
    expect(exitCode).toBe(0);
    expect(output).toContain(".githooks/pre-push runs pushproof already");
  });

  it("is not content with a comment that only names pushproof", async () => {
    const comment = "# sh node_modules/pushproof/hooks/pre-push\n";
    const repository = await prepare({ ...complete, ".githooks/pre-push": comment });
    await repository.git("config", "core.hooksPath", ".githooks");
    expect((await repository.init()).output).toContain(".githooks/pre-push: pushproof added");
  });

  it("writes the file beside husky's generated ones where husky lies in a subdirectory", async () => {
    const repository = await prepare({ ...complete, "web/.husky/_/h": "" });
    await repository.git("config", "core.hooksPath", "web/.husky/_");
    expect((await repository.init()).output).toContain("✔ web/.husky/pre-push written");
  });

  it("takes the directory of an old husky for husky's", async () => {
    const repository = await prepare({ ...complete, ".husky/_/husky.sh": "" });
    await repository.git("config", "core.hooksPath", ".husky");
    expect((await repository.init()).exitCode).toBe(0);
    expect(await hooksPath(repository)).toBe(".husky");
  });

  it("refuses to silence hooks in git's own directory, and says how to move each", async () => {
    const repository = await prepare({ ...complete, ".husky/commit-msg": "" });
    const hooks = join(repository.root, ".git/hooks");
    await mkdir(hooks, { recursive: true });
    for (const [name, text] of Object.entries({
      "pre-push": "#!/bin/sh\n",
      "pre-commit": "#!/usr/bin/env bash\n",
      "commit-msg": "#!/bin/sh\n",
    })) {
      await repository.write({ [`.git/hooks/${name}`]: text });
      await chmod(join(hooks, name), 0o755);
    }
    const { error } = await repository.init();
    expect(error).toBeInstanceOf(RequestError);
    expect(error?.message).toContain("mkdir -p .husky && mv .git/hooks/pre-push .husky/pre-push");
    expect(error?.message).toContain("mv .git/hooks/pre-commit .husky/own/pre-commit");
    expect(error?.message).toContain("join .git/hooks/commit-msg into .husky/commit-msg");
    expect(await hooksPath(repository)).toBe("");
    expect(existsSync(join(hooks, "pre-push"))).toBe(true);
  });

  it("minds neither samples nor hooks that git does not run", async () => {
    const repository = await prepare(complete);
    await repository.write({ ".git/hooks/pre-push.sample": "#!/bin/sh\n", ".git/hooks/pre-commit": "#!/bin/sh\n" });
    await chmod(join(repository.root, ".git/hooks/pre-push.sample"), 0o755);
    expect((await repository.init()).exitCode).toBe(0);
  });

  it("finds the hooks of the main checkout from a linked worktree", async () => {
    const repository = await prepare(complete);
    await repository.write({ ".git/hooks/pre-push": "#!/bin/sh\n" });
    await chmod(join(repository.root, ".git/hooks/pre-push"), 0o755);
    const worktree = join(repository.root, "..", "feature");
    await repository.git("worktree", "add", "--quiet", worktree);
    const captured = captureWorld({ directory: worktree, environment: repository.environment });
    await expect(init(captured.world, repository.own)).rejects.toThrow(join(repository.root, ".git/hooks/pre-push"));
  });
});

describe("verify init where the hook cannot be activated", () => {
  it("keeps what it wrote and names the command where the package manager fails", async () => {
    const repository = await prepare(pytestFiles, { installed: false });
    const { error } = await repository.init({ environment: { PATH: await pathWithGitOnly(repository) } });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error?.message).toContain("npm is not installed, which `npm install` needs");
    expect(error?.message).toContain("Run `npm install` here, then `verify init` again.");
    expect(existsSync(join(repository.root, ".husky/pre-push"))).toBe(true);
    expect(JSON.parse(await read(repository, "package.json"))).toMatchObject({
      private: true,
      scripts: { prepare: "husky && verify prepare" },
    });
  });

  it("shows what the package manager said when it failed", async () => {
    const repository = await prepare({
      ...complete,
      "package.json": completePackage.replace("{", '{ "packageManager": "bun@1.0.0",'),
    });
    const bin = await pathWithGitOnly(repository);
    await repository.write({ "../bin/bun": "#!/bin/sh\necho 'no space left' >&2\nexit 5\n" });
    await chmod(join(bin, "bun"), 0o755);
    await repository.write({ "node_modules/pushproof": null });
    const { error } = await repository.init({ environment: { PATH: bin } });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error?.message).toContain("`bun install` failed");
  });

  it("says so where the packages are not in node_modules after an installation", async () => {
    const repository = await prepare({
      ...complete,
      "package.json": completePackage.replace("{", '{ "packageManager": "bun@1.0.0",'),
    });
    const bin = await pathWithGitOnly(repository);
    await repository.write({ "../bin/bun": "#!/bin/sh\nexit 0\n", "node_modules/pushproof": null });
    await chmod(join(bin, "bun"), 0o755);
    expect((await repository.init({ environment: { PATH: bin } })).error?.message).toContain(
      "put no pushproof into node_modules",
    );
  });

  it("says so where HUSKY=0 keeps husky from setting core.hooksPath", async () => {
    const repository = await prepare(complete);
    const { error } = await repository.init({ environment: { HUSKY: "0" } });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error?.message).toContain("HUSKY=0 is set");
    expect(await hooksPath(repository)).toBe("");
  });
});

describe("verify init and the package manager", () => {
  it("ends it when it is interrupted", async () => {
    const repository = await prepare(pytestFiles, { installed: false });
    const bin = await pathWithGitOnly(repository);
    await repository.write({ "../bin/npm": "#!/bin/sh\necho started > started\nexec sleep 600\n" });
    await chmod(join(bin, "npm"), 0o755);
    const environment = { ...repository.environment, PATH: `${bin}:${process.env.PATH}` };
    const captured = captureWorld({ directory: repository.root, environment });
    const running = init(captured.world, repository.own);
    const ended = expect(running).rejects.toThrow(InterruptedError);
    await vi.waitUntil(() => existsSync(join(repository.root, "started")), { timeout: 60_000 });
    captured.interrupt();
    await ended;
  });

  it("does not hand on what npm told the program itself", async () => {
    const repository = await prepare(pytestFiles, { installed: false });
    const bin = await pathWithGitOnly(repository);
    await repository.write({ "../bin/npm": "#!/bin/sh\nset > environment\nexit 1\n" });
    await chmod(join(bin, "npm"), 0o755);
    await repository.init({ environment: { PATH: bin, npm_config_package: "pushproof", npm_config_registry: "kept" } });
    const environment = await read(repository, "environment");
    expect(environment).not.toContain("npm_config_package");
    expect(environment).toContain("npm_config_registry");
  });
});

describe("a teammate", () => {
  it("gets the hook in a fresh clone by npm install", async () => {
    const fields = { private: true, devDependencies: { husky: `file:${huskyDirectory}` } };
    const repository = await prepare({ ...pytestFiles, "package.json": JSON.stringify(fields) }, { installed: false });
    expect((await repository.init()).exitCode).toBe(0);
    await repository.commit("Verify pushes");
    await repository.git("push", "--quiet", "origin", "main");
    const clone = join(repository.root, "..", "clone");
    const env = { ...repository.environment, HUSKY: undefined };
    await repository.git("clone", "--quiet", repository.remote, clone);
    expect(await runShell("npm install --no-audit --no-fund", clone, env)).toMatchObject({ exitCode: 0 });
    expect(await repository.git("-C", clone, "config", "core.hooksPath")).toBe(".husky/_");
    const { output } = await runShell("git push origin main:feature", clone, env);
    expect(output).toContain("pushproof got: refs/heads/main");
  });
});
