import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { defaultOptions } from "../../src/config/request.ts";
import { openWorkingTree } from "../../src/push/checkout.ts";
import { readRevision } from "../../src/push/refs.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { version } from "../../src/shared/version.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makePlan } from "../../src/suite/plan/plan.ts";
import { hookMarker, readReceiptKey } from "../../src/trust/receipt-key.ts";
import { open } from "../push/support.ts";
import { pythonEnvironment } from "../support/python.ts";
import type { Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { configFile, makePytestRepository, userEnvironment } from "../support/verify.ts";
import { captureWorld } from "../support/world.ts";

async function receiptKeyOf(repository: Repository, environment: Environment = repository.environment) {
  const opened = await open(repository);
  const loaded = await loadConfig(repository.root);
  if (loaded === null) throw new Error("The repository has no configuration.");
  const checkout = await openWorkingTree(opened);
  const target = await readRevision(opened, repository.environment, "HEAD");
  const plan = makePlan(loaded.config, defaultOptions, checkout.root);
  const { world } = captureWorld({ directory: repository.root, environment });
  const base = { mergeBase: Promise.resolve("none" as const), baseFigure: Promise.resolve(null) };
  return await readReceiptKey({ config: loaded.config, plan, target, checkout, world, options: defaultOptions, base });
}

/** The marker of a run of all suites in the checkout, with these directories first on PATH. */
async function markerIn(repository: Repository, ...programs: string[]): Promise<string | null> {
  const user = await userEnvironment();
  return await markerWith(repository, { ...user, PATH: [...programs, user.PATH].join(":") });
}

async function markerWith(repository: Repository, environment: Environment): Promise<string | null> {
  const { world } = captureWorld({ directory: repository.root, environment });
  const loaded = await loadConfig(repository.root);
  if (loaded === null) throw new Error("The repository has no configuration.");
  const plan = makePlan(loaded.config, defaultOptions, repository.root);
  return await hookMarker(await open(repository), world, { plan, checkout: repository });
}

/** A directory of programs, by name, outside the repository. */
async function makePrograms(repository: Repository, programs: Record<string, string>): Promise<string> {
  const directory = join(repository.root, "../programs");
  await mkdir(directory);
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(directory, name), script, { mode: 0o755 });
  }
  return directory;
}

/** What stands on PATH in the place of a program, and decides anew which of its versions to run. */
const shim = (name: string): string => `#!/bin/sh\nPATH=\${PATH#*:} exec ${name} "$@"\n`;

test("the conditions are the tree, the configuration, the version and the kind of environment", async () => {
  const repository = await makePytestRepository();
  const key = await receiptKeyOf(repository);
  expect(key).toEqual({
    tree: await repository.git("rev-parse", "HEAD^{tree}"),
    configuration: expect.stringMatching(/^[0-9a-f]{64}$/),
    version: JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")).version,
    environment: expect.stringMatching(
      new RegExp(`^${platform()} ${arch()}, node ${process.versions.node}, python \\d+\\.\\d+\\.\\d+\\S*$`),
    ),
    against: null,
  });
});

test("Python is no condition where no suite is written in it", async () => {
  const suites = [{ name: "web", runner: "vitest", command: "vitest" }];
  const repository = await makePytestRepository({ "verify.config.json": configFile({ suites }) });
  expect((await receiptKeyOf(repository)).environment).not.toContain("python");
});

test("the Python of the suite's own environment is the one that counts", async () => {
  const repository = await makePytestRepository({ ".gitignore": ".venv\n" });
  await repository.write({ ".venv/bin/x": "" });
  await writeFile(join(repository.root, ".venv/bin/python3"), "#!/bin/sh\necho Python 3.99.1\n", { mode: 0o755 });
  expect((await receiptKeyOf(repository)).environment).toMatch(/, python 3\.99\.1$/);
});

test("a Python that cannot be started is a condition too", async () => {
  const repository = await makePytestRepository();
  const environment = { ...repository.environment, PATH: "/nowhere" };
  expect((await receiptKeyOf(repository, environment)).environment).toMatch(/, no python3$/);
});

test("the hook's own words name this version and the runtimes", async () => {
  const marker = await markerIn(await makePytestRepository());
  expect(marker?.split("\n")[0]).toBe(`pushproof ${version}`);
  expect(marker).toMatch(/^\s*\d+ \S*\/node$/m);
});

test("the hook says the same from the same place, and another thing beside another Python", async () => {
  const repository = await makePytestRepository();
  const before = await markerIn(repository);
  expect(await markerIn(repository)).toBe(before);
  await repository.write({ "apps/api/.venv/bin/python3": "" });
  expect(await markerIn(repository)).not.toBe(before);
});

test.each(["node", "python3"])("where %s is a version manager's shim, the hook may not judge", async (name) => {
  const repository = await makePytestRepository();
  expect(await markerIn(repository, await makePrograms(repository, { [name]: shim(name) }))).toBeNull();
});

test("without a plan, the Python on PATH is one that matters", async () => {
  const repository = await makePytestRepository();
  const programs = await makePrograms(repository, { python3: shim("python3") });
  const user = await userEnvironment();
  const environment = { ...user, PATH: `${programs}:${user.PATH}` };
  const { world } = captureWorld({ directory: repository.root, environment });
  expect(await hookMarker(await open(repository), world)).toBeNull();
});

test("a shim on PATH is nothing to a suite with an environment of its own", async () => {
  const repository = await makePytestRepository({ ".gitignore": ".venv\n" });
  await mkdir(join(repository.root, ".venv/bin"), { recursive: true });
  await symlink(join((await pythonEnvironment()).bin, "python3"), join(repository.root, ".venv/bin/python3"));
  const programs = await makePrograms(repository, { python3: shim("python3") });
  expect(await markerIn(repository, programs)).not.toBeNull();
});

test("a shim on PATH is nothing to a repository without a suite in Python", async () => {
  const suites = [{ name: "web", runner: "vitest", command: "vitest" }];
  const repository = await makePytestRepository({ "verify.config.json": configFile({ suites }) });
  const programs = await makePrograms(repository, { python3: shim("python3") });
  expect(await markerIn(repository, programs)).not.toBeNull();
});

test("where an environment lies deeper than the hook looks, it may not judge", async () => {
  const suites = [{ name: "deep", root: "one/two/three", runner: "pytest", command: "pytest" }];
  const repository = await makePytestRepository({
    "one/two/three/a.txt": "",
    "verify.config.json": configFile({ suites }),
  });
  expect(await markerIn(repository)).not.toBeNull();
  const { bin } = await pythonEnvironment();
  const made = await runShell(`${bin}/python3 -m venv --copies --without-pip one/two/three/.venv`, repository.root, {});
  expect(made).toEqual({ exitCode: 0, output: "" });
  expect(await markerIn(repository)).toBeNull();
});

test("a Python that cannot say which it is leaves the hook without a word", async () => {
  const repository = await makePytestRepository();
  expect(await markerIn(repository, await makePrograms(repository, { python3: "#!/bin/sh\nexit 1\n" }))).toBeNull();
});

test("where there is no Python at all, the hook may judge", async () => {
  const repository = await makePytestRepository();
  const programs = await makePrograms(repository, {});
  for (const [name, path] of Object.entries({ sh: "/bin/sh", ls: "/bin/ls", node: process.execPath })) {
    await symlink(path, join(programs, name));
  }
  expect(await markerWith(repository, { ...repository.environment, PATH: programs })).toMatch(/\/node\n$/);
});
