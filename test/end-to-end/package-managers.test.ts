import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { runShell, suiteEnvironment } from "../support/run.ts";
import { configFile, push, readSummary, runIn, useHook } from "../support/verify.ts";

const pnpm = `node ${quote(join(packageRoot, "node_modules/pnpm/bin/pnpm.cjs"))}`;
const npm = "npm --offline --no-audit --no-fund";

/** A repository whose one dependency lies beside it, whose suite is a command, and whose check is that command line. */
async function makeProject(check: string, files: Readonly<Record<string, string>>): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "node_modules/\nout/\n",
    "package.json": JSON.stringify({
      name: "app",
      version: "1.0.0",
      private: true,
      scripts: { hello: "node hello.cjs" },
      dependencies: { left: "file:left" },
    }),
    "hello.cjs": "if (require('left') !== 'left') process.exit(1);\n",
    "left/package.json": '{"name":"left","version":"1.0.0"}',
    "left/index.js": "module.exports = 'left';\n",
    "verify.config.json": configFile({
      suites: [
        {
          ...{ name: "sums", runner: "command", results: ["out/*.xml"], coverage: ["out/*.info"] },
          command: "mkdir -p out; cp passing.xml out/; cp covered.info out/",
        },
      ],
      database: false,
      checks: { hello: check },
    }),
    "passing.xml": '<testsuite><testcase name="adds" file="hello.cjs" time="0.1"/></testsuite>',
    "covered.info": "SF:hello.cjs\nDA:1,1\nend_of_record\n",
    ...files,
  });
  return repository;
}

/** Every path below a directory, with where it leads and when it was last written. */
async function snapshot(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return await Promise.all(
    names.map(async (name) => {
      const { mtimeMs, ino } = await lstat(join(directory, name));
      const target = await readlink(join(directory, name)).catch(() => "");
      return `${name} ${target} ${mtimeMs} ${ino}`;
    }),
  );
}

test.each([
  ["a script of pnpm's, which may begin with an installation,", pnpm, `${pnpm} run hello`, "pnpm-lock.yaml"],
  ["an installation by pnpm", pnpm, `${pnpm} install --offline && ${pnpm} run hello`, "pnpm-lock.yaml"],
  ["an installation by npm", npm, `${npm} install && npm run hello`, "package-lock.json"],
  ["a clean installation by npm", npm, `${npm} ci && npm run hello`, "package-lock.json"],
])("%s in a worktree leaves the user's own node_modules alone", async (_what, manager, check, lock) => {
  const repository = await makeProject(check, { ".npmrc": "verify-deps-before-run=install\n" });
  const { root } = repository;
  const installed = await runShell(`${manager} install`, root, suiteEnvironment());
  expect(installed.output).not.toMatch(/ERR/);
  await repository.commit("Lock");
  await repository.write({ "notes.txt": "not committed\n" });
  const before = await snapshot(join(root, "node_modules"));
  const { code, output } = await runIn(root, []);
  expect(output).toContain("✔ Verified");
  expect(code).toBe(0);
  expect((await readSummary(root)).verifiedIn).toBe("worktree");
  expect(await snapshot(join(root, "node_modules"))).toEqual(before);
  expect(await repository.git("ls-files", lock)).toBe(lock);
});

test("a lock file that is completed by another npm, with what it names installed, does not stop a push", async () => {
  const repository = await makeProject("npm run hello", {});
  await runShell(`${npm} install`, repository.root, suiteEnvironment());
  await useHook(repository);
  await repository.commit("Lock");
  const lock = JSON.parse(await repository.git("show", "HEAD:package-lock.json"));
  lock.packages["node_modules/@for/mac"] = { version: "1.0.0", optional: true, os: ["darwin"] };
  await repository.write({ "package-lock.json": JSON.stringify(lock) });
  const { exitCode, output } = await push(repository);
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
  expect(await repository.remoteCommit("refs/heads/main")).toBe(await repository.git("rev-parse", "HEAD"));
});

test("in place, packages that are not the lock file's give no receipt, and the command that helps is told", async () => {
  const repository = await makeProject("npm run hello", {});
  await runShell(`${npm} install`, repository.root, suiteEnvironment());
  const lock = JSON.parse(await repository.git("show", "HEAD:package.json"));
  expect(lock.name).toBe("app");
  await repository.write({
    "package-lock.json": JSON.stringify({
      lockfileVersion: 3,
      packages: {
        "": {},
        "node_modules/left": { link: true, resolved: "left" },
        "node_modules/right": { version: "2.0.0" },
      },
    }),
  });
  await repository.commit("Right");
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(0);
  const { notes, receipt } = await readSummary(repository.root);
  expect(receipt).toBeNull();
  expect(notes).toContainEqual(
    expect.stringMatching(
      /^No receipt is kept: node_modules is not what the package-lock\.json of \w+ names \(right not installed, 2\.0\.0 wanted\): run `npm ci`\.$/,
    ),
  );
});
