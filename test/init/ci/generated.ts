import { parseConfig } from "../../../src/config/parse.ts";
import { ciFacts } from "../../../src/init/ci/ci-facts.ts";
import { githubShards } from "../../../src/init/ci/github-shards.ts";
import { githubWorkflow } from "../../../src/init/ci/github-workflow.ts";
import { gitlabPipeline } from "../../../src/init/ci/gitlab-pipeline.ts";
import { gitlabShards } from "../../../src/init/ci/gitlab-shards.ts";
import { kubernetesJobs } from "../../../src/init/ci/kubernetes-jobs.ts";
import type { PackageManager } from "../../../src/project/package-manager.ts";
import { projectOf } from "../project.ts";

/** A project for which CI is written. */
export interface Sample {
  readonly files: Readonly<Record<string, string>>;
  readonly suites?: readonly object[];
  readonly database?: object | false;
  readonly manager?: PackageManager["name"];
  readonly isModernYarn?: boolean;
  readonly base?: string;
  readonly hasServer?: boolean;
}

const pytest = { name: "backend", runner: "pytest", command: "pytest" };

/** The workflow and the pipeline that are written for a project. */
export function generated(sample: Sample) {
  const {
    files,
    suites = [pytest],
    database,
    manager = "npm",
    isModernYarn = false,
    base = "main",
    hasServer = false,
  } = sample;
  const config = parseConfig({ base, suites, ...(database === undefined ? {} : { database }) }, "verify.config.json");
  const own = { name: manager, install: [manager, "install"] as const, ignoresPrepare: isModernYarn };
  const request = {
    project: projectOf(files),
    config,
    configFile: "verify.config.json",
    manager: own,
    version: "0.7.0",
    hasServer,
  };
  const facts = ciFacts(request);
  return {
    github: githubWorkflow(facts),
    gitlab: gitlabPipeline(facts),
    githubShards: githubShards(facts, 4),
    gitlabShards: gitlabShards(facts, 4),
    kubernetes: kubernetesJobs(facts, 4),
  };
}

const vitest = { name: "web", runner: "vitest", command: "vitest run" };
const locked = { "package.json": "{}", "package-lock.json": "{}" };

/** One project of each kind, by its name. */
export const samples: Readonly<Record<string, Sample>> = {
  "npm and vitest": { files: locked, suites: [vitest] },
  "npm without a lock file": { files: { "package.json": "{}" }, suites: [vitest] },
  pnpm: { files: { "package.json": "{}", "pnpm-lock.yaml": "" }, suites: [vitest], manager: "pnpm" },
  "yarn 1": { files: { "package.json": "{}", "yarn.lock": "" }, suites: [vitest], manager: "yarn" },
  "yarn 4": {
    files: { "package.json": '{"packageManager": "yarn@4.5.0"}', "yarn.lock": "", ".nvmrc": "22" },
    suites: [vitest],
    manager: "yarn",
    isModernYarn: true,
  },
  bun: { files: { "package.json": "{}", "bun.lock": "" }, suites: [vitest], manager: "bun" },
  "pip with requirements": {
    files: { ...locked, "requirements.txt": "flask\n", "requirements-dev.txt": "pytest\n", ".python-version": "3.12" },
  },
  "pip with extras": {
    files: {
      ...locked,
      "pyproject.toml":
        '[project]\nname = "a"\nrequires-python = ">=3.11"\n[project.optional-dependencies]\ntest = ["pytest", "pytest-cov"]\n[build-system]\nrequires = []\n',
    },
  },
  uv: {
    files: { ...locked, "apps/backend/uv.lock": "", "apps/backend/pyproject.toml": '[project]\nname = "a"\n' },
    suites: [{ ...pytest, root: "apps/backend", command: "uv run pytest" }],
  },
  poetry: {
    files: { ...locked, "poetry.lock": "", "pyproject.toml": "[tool.poetry]\n" },
    suites: [{ ...pytest, command: "poetry run pytest" }],
  },
  pdm: { files: { ...locked, "pdm.lock": "", "pyproject.toml": '[project]\nname = "a"\n' } },
  pipenv: { files: { ...locked, Pipfile: "", "Pipfile.lock": "" } },
  "nothing listed": { files: locked },
  moon: {
    files: locked,
    suites: [
      { ...pytest, command: "moon run backend:test" },
      { ...pytest, name: "b", command: "tox" },
    ],
  },
  "a package with a lock file of its own": {
    files: { ...locked, "web/package-lock.json": "{}" },
    suites: [{ ...vitest, root: "web" }],
  },
  "a server of its own": { files: locked, database: { url: "postgresql://me@db/x", version: 16 }, hasServer: true },
  "no database": { files: locked, database: false, hasServer: true },
  "an odd base branch": { files: locked, base: "release/2.x#1" },
};
