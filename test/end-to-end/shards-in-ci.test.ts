import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { generated } from "../init/ci/generated.ts";
import { hangingTest, Machine, type ScriptEnd } from "../support/machines.ts";
import { makeNodeRepository } from "../support/node-suite.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";

/** As many as the files that are written say. */
const total = 4;
const web = { name: "web", runner: "node", command: "node --test", source: ["src"], workers: 1 };
const files = generated({
  files: { "package.json": "{}", "package-lock.json": "{}" },
  suites: [web],
  database: false,
});

/** A feature branch with a test file for each shard. */
async function makeProject(): Promise<Repository> {
  const names = ["a", "b", "c", "d"].map((name) => `test/${name}.test.js`);
  const repository = await makeNodeRepository(Object.fromEntries(names.map((name) => [name, hangingTest])), {
    workers: 1,
  });
  await repository.git("switch", "--quiet", "--create", "feature");
  return repository;
}

/** A job that a machine plays. */
interface Job {
  readonly machine: Machine;
  readonly ended: Promise<ScriptEnd>;
}

/** Starts the job of one shard, counted from 0. */
type StartShard = (index: number, isToBeKilled: boolean) => Promise<Job>;

/**
 * Plays all shards side by side. One of them, whichever, is killed in the midst of its tests, and started again after the others
 * have ended. Gives how each ended at last.
 */
async function playShards(start: StartShard): Promise<ScriptEnd[]> {
  const killed = randomInt(total);
  const jobs = await Promise.all(Array.from({ length: total }, (_, index) => start(index, index === killed)));
  await jobs[killed]?.machine.kill();
  const ends = await Promise.all(jobs.map(({ ended }) => ended));
  expect(ends.map(({ code }) => code)).toEqual(jobs.map((_, index) => (index === killed ? null : 0)));
  ends[killed] = await (await start(killed, false)).ended;
  return ends;
}

function expectShards(ends: readonly ScriptEnd[]): void {
  for (const [index, { code, output }] of ends.entries()) {
    expect(output).toContain(`✔ Shard ${index + 1}/${total}: 1 test file in `);
    expect(code).toBe(0);
  }
}

function expectVerdict({ code, output }: ScriptEnd): void {
  expect(output).toMatch(/^✔ Verified: feature at /m);
  expect(output).toMatch(/^ {2}Tests +4 passed, in 4 files$/m);
  expect(code).toBe(0);
}

/** What a service takes along from one run to the next. */
async function expectDurations(path: string): Promise<void> {
  const { durations } = JSON.parse(await readFile(path, "utf8"));
  expect(Object.keys(durations.feature.web.files)).toHaveLength(4);
}

test("GitHub's jobs, played by what the workflow says, with one machine killed and started again", async () => {
  const repository = await makeProject();
  const [artifacts, cache] = [await makeDirectory(), await makeDirectory()];
  const { jobs } = parse(files.githubShards);
  interface Step {
    readonly uses?: string;
    readonly run?: string;
    readonly if?: string;
    readonly with?: Readonly<Record<string, string>>;
    readonly "working-directory"?: string;
  }
  const variables = {
    ...{ GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "4711", GITHUB_EVENT_NAME: "pull_request" },
    ...{ GITHUB_REF: "refs/pull/7/merge", GITHUB_HEAD_REF: "feature", GITHUB_BASE_REF: "main" },
  };
  /** The actions that our steps use, as far as they hand files on. */
  const actions: Record<string, (root: string, options: Readonly<Record<string, string>>) => Promise<void>> = {
    "actions/checkout@v4": async () => {},
    "actions/setup-node@v4": async () => {},
    "actions/upload-artifact@v4": async (root, { name = "", path = "" }) => {
      const own = join(artifacts, name);
      await mkdir(own, { recursive: true });
      // A path that ends in a star, a directory, or a file.
      const place = join(root, dirname(`${path}.`));
      const isMeant = (file: string): boolean => file.startsWith(basename(`${path}.`).replace(/[.*]+$/, ""));
      for (const file of (await readdir(place).catch(() => [])).filter(isMeant))
        await cp(join(place, file), join(own, file), { recursive: true });
    },
    "actions/download-artifact@v4": async (root, { pattern = "", path = "", "merge-multiple": isMerged }) => {
      for (const name of await readdir(artifacts))
        if (name.startsWith(pattern.replace("*", "")))
          await cp(join(artifacts, name), resolve(root, path, isMerged ? "" : name), { recursive: true });
    },
    "actions/cache/restore@v4": async (root, { path = "" }) => {
      if (existsSync(join(cache, "history"))) await cp(join(cache, "history"), join(root, path));
    },
    "actions/cache/save@v4": async (root, { path = "" }) => await cp(join(root, path), join(cache, "history")),
  };
  const play = async (name: "receipt" | "shard" | "verify", shard = 0, isToBeKilled = false): Promise<Job> => {
    const machine = await Machine.make(repository, variables, isToBeKilled);
    const temporary = join(machine.home, "temporary");
    await mkdir(temporary);
    const filled = (text: string): string =>
      text
        .replaceAll(/\$\{\{ matrix\.shard \}\}/g, String(shard + 1))
        .replaceAll(/\$\{\{ github\.run_id \}\}/g, "4711")
        .replaceAll(/\$\{\{ runner\.temp \}\}/g, temporary);
    const playSteps = async (): Promise<ScriptEnd> => {
      const end: { code: number | null; output: string } = { code: 0, output: "" };
      for (const step of jobs[name].steps as Step[]) {
        const conditions = (step.if ?? "").split(" && ").filter(Boolean);
        // No receipt proves the tree.
        for (const one of conditions)
          expect(one).toMatch(/^(?:always\(\)|(?:needs|steps)\.receipt\.outputs\.verified != 'true')$/);
        if (end.code === null || (end.code !== 0 && !conditions.includes("always()"))) continue;
        if (step.uses !== undefined) {
          const options = Object.entries(step.with ?? {}).map(([key, value]) => [key, filled(String(value))]);
          await actions[step.uses]?.(machine.root, Object.fromEntries(options));
          expect(Object.keys(actions)).toContain(step.uses);
          continue;
        }
        const more = {
          GITHUB_WORKSPACE: machine.root,
          RUNNER_TEMP: temporary,
          GITHUB_OUTPUT: join(temporary, "output"),
        };
        const place = step["working-directory"] === undefined ? machine.root : filled(step["working-directory"]);
        const { code, output } = await machine.run("bash", filled(step.run ?? ""), place, more);
        end.output += output;
        if (end.code === 0) end.code = code;
      }
      return end;
    };
    return { machine, ended: playSteps() };
  };
  expect((await (await play("receipt")).ended).code).toBe(0);
  expect(jobs.shard.strategy.matrix.shard).toEqual([1, 2, 3, 4]);
  expectShards(await playShards((index, isToBeKilled) => play("shard", index, isToBeKilled)));
  expectVerdict(await (await play("verify")).ended);
  await expectDurations(join(cache, "history"));
  await (await play("receipt")).ended;
  const { output } = await (await play("shard", 0)).ended;
  expect(output).toContain("Took over the durations of 1 suite");
  expect(output).toContain("in place");
});

interface GitLabJob {
  readonly script: readonly string[];
  readonly needs?: readonly string[];
  readonly artifacts?: { readonly paths: readonly string[] };
  readonly cache?: { readonly policy: string };
}

test("GitLab's jobs, played by what the pipeline says, with one machine killed and started again", async () => {
  const repository = await makeProject();
  const [artifacts, cache] = [await makeDirectory(), await makeDirectory()];
  const { ".verify": common, ...jobs } = parse(files.gitlabShards);
  let lastCopy = Promise.resolve();
  /** Copies what jobs keep for later ones, after whoever does so already: GitLab's cache is one archive, which the last replaces. */
  const copyCache = (from: string, to: string): Promise<void> => {
    lastCopy = lastCopy.then(async () => {
      for (const path of common.cache.paths as string[])
        if (existsSync(join(from, path))) await cp(join(from, path), join(to, path), { recursive: true });
    });
    return lastCopy;
  };
  const play = async (name: string, more: Record<string, string>, isToBeKilled = false): Promise<Job> => {
    const job: GitLabJob = jobs[name];
    // Jobs that end at the same moment hand on each what is its own.
    const handedOn = join(artifacts, name, more.CI_NODE_INDEX ?? "");
    const merge = { CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "feature", CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main" };
    const variables = { GITLAB_CI: "true", CI_PIPELINE_ID: "4711", ...merge, ...more };
    const machine = await Machine.make(repository, variables, isToBeKilled);
    const { root } = machine;
    const own = Object.fromEntries(
      Object.entries({ CI_PROJECT_DIR: root, ...common.variables }).map(([key, value]) => [
        key,
        String(value).replace("$CI_PROJECT_DIR", root),
      ]),
    );
    const playScript = async (): Promise<ScriptEnd> => {
      await copyCache(cache, root);
      // What earlier jobs handed on lies where it lay there.
      for (const needed of job.needs ?? [])
        for (const index of jobs[needed].parallel ? await readdir(join(artifacts, needed)) : [""])
          await cp(join(artifacts, needed, index), root, { recursive: true });
      const script = [...common.before_script, ...job.script].join("\n");
      const end = await machine.run("bash", script, root, own);
      if (end.code === null) return end;
      await mkdir(handedOn, { recursive: true });
      for (const path of job.artifacts?.paths ?? (common.artifacts.paths as string[]))
        if (existsSync(join(root, path))) await cp(join(root, path), join(handedOn, path), { recursive: true });
      if (job.cache?.policy !== "pull") await copyCache(root, cache);
      return end;
    };
    return { machine, ended: playScript() };
  };
  expect(jobs["verify shard"].parallel).toBe(total);
  const start: StartShard = (index, isToBeKilled) =>
    play("verify shard", { CI_NODE_INDEX: String(index + 1), CI_NODE_TOTAL: String(total) }, isToBeKilled);
  await (await play("verify history", {})).ended;
  expect(jobs["verify shard"].needs).toEqual(["verify history"]);
  expectShards(await playShards(start));
  expect(jobs.verify.needs).toEqual(["verify history", "verify shard"]);
  expectVerdict(await (await play("verify", {})).ended);
  await expectDurations(join(cache, ".cache/verify-history.json"));
  await (await play("verify history", {})).ended;
  const { output } = await (await start(0, false)).ended;
  expect(output).toContain("Took over the durations of 1 suite");
  expect(output).toContain("in place");
});

test("Kubernetes' pods, played by what the manifest says, with one killed and started again", async () => {
  const repository = await makeProject();
  const shared = await makeDirectory();
  const [shards, merge] = parseAllDocuments(files.kubernetes).map((document) => document.toJS());
  interface Manifest {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  }
  interface Container {
    readonly args: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
  }
  const play = async ({ spec }: Manifest, more: Record<string, string>, isToBeKilled = false): Promise<Job> => {
    const [container] = spec.template.spec.containers;
    const own = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
    // Whoever makes the image knows which branch it holds.
    const machine = await Machine.make(repository, { ...own, ...more }, isToBeKilled);
    const script = (container?.args[0] ?? "").replaceAll("/shards", shared);
    return { machine, ended: machine.run("sh", script) };
  };
  const judging = await play(merge, {});
  const start: StartShard = (index, isToBeKilled) =>
    play(shards, { JOB_COMPLETION_INDEX: String(index) }, isToBeKilled);
  expectShards(await playShards(start));
  const { code, output } = await judging.ended;
  expect(output).toMatch(/^✔ Verified: [0-9a-f]{7}/m);
  expect(code).toBe(0);
});
