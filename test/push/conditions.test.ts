import { readFile, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config-file.ts";
import { packageRoot } from "../../src/paths.ts";
import { openWorkingTree } from "../../src/push/checkout.ts";
import { hookMarker, readConditions, version } from "../../src/push/conditions.ts";
import { readRevision } from "../../src/push/refs.ts";
import { defaultOptions } from "../../src/request.ts";
import { makePlan } from "../../src/suite/plan.ts";
import type { Environment } from "../../src/world.ts";
import type { Repository } from "../support/repository.ts";
import { configFile, makePytestRepository } from "../support/verify.ts";
import { captureWorld } from "../support/world.ts";
import { open } from "./support.ts";

async function conditionsOf(repository: Repository, environment: Environment = repository.environment) {
  const opened = await open(repository);
  const loaded = await loadConfig(repository.root);
  if (loaded === null) throw new Error("The repository has no configuration.");
  const checkout = await openWorkingTree(opened);
  const target = await readRevision(opened.git, "HEAD");
  const plan = makePlan(loaded.config, defaultOptions, checkout.root);
  const { world } = captureWorld({ directory: repository.root, environment });
  return await readConditions(loaded.config, plan, target, checkout, world);
}

async function markerIn(repository: Repository): Promise<string> {
  const { world } = captureWorld({ directory: repository.root, environment: repository.environment });
  return await hookMarker(await open(repository), world);
}

test("the conditions are the tree, the configuration, the version and the kind of environment", async () => {
  const repository = await makePytestRepository();
  const conditions = await conditionsOf(repository);
  expect(conditions).toEqual({
    tree: await repository.git("rev-parse", "HEAD^{tree}"),
    configuration: expect.stringMatching(/^[0-9a-f]{64}$/),
    version: JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")).version,
    environment: expect.stringMatching(
      new RegExp(`^${platform()} ${arch()}, node ${process.versions.node}, python \\d+\\.\\d+\\.\\d+\\S*$`),
    ),
  });
});

test("Python is no condition where no suite is written in it", async () => {
  const suites = [{ name: "web", runner: "vitest", command: "vitest" }];
  const repository = await makePytestRepository({ "verify.config.json": configFile({ suites }) });
  expect((await conditionsOf(repository)).environment).not.toContain("python");
});

test("the Python of the suite's own environment is the one that counts", async () => {
  const repository = await makePytestRepository({ ".gitignore": ".venv\n" });
  await repository.write({ ".venv/bin/x": "" });
  await writeFile(join(repository.root, ".venv/bin/python3"), "#!/bin/sh\necho Python 3.99.1\n", { mode: 0o755 });
  expect((await conditionsOf(repository)).environment).toMatch(/, python 3\.99\.1$/);
});

test("a Python that cannot be started is a condition too", async () => {
  const repository = await makePytestRepository();
  const environment = { ...repository.environment, PATH: "/nowhere" };
  expect((await conditionsOf(repository, environment)).environment).toMatch(/, no python3$/);
});

test("the hook's own words name this version and the runtimes", async () => {
  const marker = await markerIn(await makePytestRepository());
  expect(marker.split("\n")[0]).toBe(`pushproof ${version}`);
  expect(marker).toMatch(/^\s*\d+ \S*\/node$/m);
});

test("the hook says the same from the same place, and another thing beside another Python", async () => {
  const repository = await makePytestRepository();
  const before = await markerIn(repository);
  expect(await markerIn(repository)).toBe(before);
  await repository.write({ "apps/api/.venv/bin/python3": "" });
  expect(await markerIn(repository)).not.toBe(before);
});
