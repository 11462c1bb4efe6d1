import { expect, test } from "vitest";
import { ci, ciFile, deploy, deployFile, outcome } from "./audited.ts";

/** A change of the two workflows after which the step is not known to repeat anything. */
interface Case {
  readonly what: string;
  readonly ci?: (text: string) => string;
  readonly deploy?: (text: string) => string;
  readonly more?: Readonly<Record<string, string>>;
  /** Why it is left alone; null where nothing looks like a repeat. */
  readonly reason: string | null;
}

const cases: Case[] = [
  {
    what: "the step is the only gate",
    ci: () => "on: pull_request\njobs:\n  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ruff check\n",
    reason: null,
  },
  {
    what: "main's own run comes beside the deployment and no pull request is asked",
    ci: (text) => text.replace("  pull_request:\n    branches: [main]\n", ""),
    reason: null,
  },
  {
    what: "only pull requests are verified, and not what main gets",
    ci: (text) => text.replace("  push:\n    branches: [main]\n", ""),
    reason: "does not run for every commit of main, only for its pull requests",
  },
  {
    what: "the earlier workflow is for other branches",
    ci: (text) => text.replaceAll("[main]", "[develop]"),
    reason: "does not run for every pull request to main",
  },
  {
    what: "the earlier workflow leaves the branch out",
    ci: (text) =>
      text.replace("  pull_request:\n    branches: [main]\n", "  pull_request:\n    branches-ignore: [main]\n"),
    reason: "does not run for every pull request to main",
  },
  {
    what: "the deployment is of more branches",
    deploy: (text) => text.replace("[ main ]", "[ main, release ]"),
    reason: "does not run for every pull request to release",
  },
  {
    what: "the deployment is of a pattern of branches",
    deploy: (text) => text.replace("[ main ]", "[ 'release/**' ]"),
    reason: "branches that are not named one by one",
  },
  {
    what: "the deployment is of every branch",
    deploy: (text) => text.replace("  push:\n    branches:   [ main ]   # staging follows main\n", "  push:\n"),
    reason: "branches that are not named one by one",
  },
  {
    what: "the deployment is of tags, too",
    deploy: (text) => text.replace("  push:\n", "  push:\n    tags: ['v*']\n"),
    reason: "tags",
  },
  {
    what: "the step needs a secret that the earlier one lacks",
    deploy: (text) => text.replace("S3_SECRET_KEY: minio-secret", `S3_SECRET_KEY: \${{ secrets.S3_SECRET_KEY }}`),
    reason: "S3_SECRET_KEY, a secret, is not the same for both",
  },
  {
    what: "its secrets are those of an environment",
    ci: (text) => text.replace("minio-secret", `\${{ secrets.KEY }}`),
    deploy: (text) =>
      text
        .replace("minio-secret", `\${{ secrets.KEY }}`)
        .replace("    permissions:", "    environment: staging\n    permissions:"),
    reason: "another value in the environment staging",
  },
  {
    what: "the earlier run is in a reusable workflow",
    ci: (text) =>
      text.replace("  pull_request:\n    branches: [main]\n  push:\n    branches: [main]\n", "  workflow_call:\n"),
    reason: null,
  },
  {
    what: "the deployment is a reusable workflow",
    deploy: (text) => text.replace("on:\n", "on:\n  workflow_call:\n"),
    reason: "other workflows call it",
  },
  {
    what: "the deployment calls a reusable workflow that verifies",
    deploy: () => "on: { push: { branches: [main] } }\njobs:\n  check:\n    uses: ./.github/workflows/ci.yml\n",
    reason: null,
  },
  {
    what: "the earlier job is a matrix",
    ci: (text) =>
      text.replace("    runs-on", "    strategy:\n      matrix:\n        python: ['3.11', '3.12']\n    runs-on"),
    reason: "the job check is a matrix",
  },
  {
    what: "the later job is a matrix",
    deploy: (text) =>
      text.replace("    runs-on", "    strategy:\n      matrix:\n        region: [eu, us]\n    runs-on"),
    reason: "its job is a matrix",
  },
  {
    what: "the step runs whatever came before",
    deploy: (text) => text.replace("- name: Verify Codebase\n", "- name: Verify Codebase\n        if: always()\n"),
    reason: "it has a condition of its own, `if: always()`",
  },
  {
    what: "the earlier step runs only sometimes",
    ci: (text) => text.replace("- name: Verify\n", "- name: Verify\n        if: github.actor != 'dependabot[bot]'\n"),
    reason: "runs it only `if: github.actor",
  },
  {
    what: "the earlier job runs only sometimes",
    ci: (text) => text.replace("    runs-on", "    if: '!github.event.pull_request.draft'\n    runs-on"),
    reason: "the job check runs only",
  },
  {
    what: "what the earlier job needs runs only sometimes",
    ci: (text) =>
      text.replace(
        "  check:\n",
        "  changes:\n    if: github.repository == 'a/b'\n    runs-on: ubuntu-latest\n    steps: [{ run: 'true' }]\n  check:\n    needs: changes\n",
      ),
    reason: "the job changes runs only",
  },
  {
    what: "the deployment runs on a schedule, too",
    deploy: (text) => text.replace("on:\n", "on:\n  schedule: [{ cron: '0 3 * * *' }]\n"),
    reason: "on a schedule",
  },
  {
    what: "the deployment can be started by hand",
    deploy: (text) => text.replace("on:\n", "on:\n  workflow_dispatch:\n"),
    reason: "started by hand, on any branch",
  },
  {
    what: "the deployment runs after another workflow",
    deploy: (text) =>
      text.replace(
        "  push:\n    branches:   [ main ]   # staging follows main\n",
        "  workflow_run:\n    workflows: [CI]\n    types: [completed]\n",
      ),
    reason: "it runs after another workflow",
  },
  {
    what: "the deployment runs in the merge queue, too",
    deploy: (text) => text.replace("on:\n", "on:\n  merge_group:\n"),
    reason: "merge queue",
  },
  {
    what: "the earlier workflow looks only at some paths",
    ci: (text) => text.replace("  pull_request:\n", "  pull_request:\n    paths: ['apps/**']\n"),
    reason: "does not run for every pull request to main",
  },
  {
    what: "the earlier workflow leaves some paths of main out",
    ci: (text) => text.replace("  push:\n", "  push:\n    paths-ignore: ['docs/**']\n"),
    reason: "does not run for every commit of main",
  },
  {
    what: "the earlier workflow runs only for labels",
    ci: (text) => text.replace("  pull_request:\n", "  pull_request:\n    types: [labeled]\n"),
    reason: "does not run for every pull request to main",
  },
  {
    what: "the earlier failure is let through",
    ci: (text) => text.replace("run: moon run :ci", "continue-on-error: true\n        run: moon run :ci"),
    reason: "lets its failure through",
  },
  {
    what: "the later failure is let through",
    deploy: (text) => text.replace("run: moon run :ci", "continue-on-error: true\n        run: moon run :ci"),
    reason: "its failure is let through",
  },
  {
    what: "a newer run may cancel the earlier one",
    ci: (text) => text.replace("jobs:\n", "concurrency:\n  group: ci\n  cancel-in-progress: true\njobs:\n"),
    reason: "a newer run may cancel the earlier one",
  },
  {
    what: "the two run on different machines",
    deploy: (text) => text.replace("ubuntu-latest", "[self-hosted, arm64]"),
    reason: "different machines",
  },
  {
    what: "the two have different services",
    ci: (text) => text.replace("    steps:\n", "    services: { db: { image: 'postgres:17' } }\n    steps:\n"),
    reason: "different services",
  },
  {
    what: "the two have different versions of a language",
    ci: (text) =>
      text.replace(
        "      - name: Install moon\n",
        "      - uses: actions/setup-python@v5\n        with: { python-version: '3.11' }\n      - name: Install moon\n",
      ),
    deploy: (text) =>
      text.replace(
        "      - name: Install moon\n",
        "      - uses: actions/setup-python@v5\n        with: { python-version: '3.12' }\n      - name: Install moon\n",
      ),
    reason: "actions/setup-python differs",
  },
  {
    what: "the two install other packages",
    ci: (text) => text.replace("run: uv python install", "run: uv sync --frozen"),
    deploy: (text) => text.replace("run: uv python install", "run: uv sync"),
    reason: "only one of the two installs with `uv sync`",
  },
  {
    what: "the deployment checks something else out",
    deploy: (text) => text.replace("actions/checkout@v4\n", "actions/checkout@v4\n        with: { ref: release }\n"),
    reason: "may be of another commit",
  },
  {
    what: "files are changed before the step",
    deploy: (text) =>
      text.replace(
        "      - name: Install uv\n",
        "      - name: Set the version\n        run: sed -i s/dev/1.0/ version.txt\n      - name: Install uv\n",
      ),
    reason: 'the step "Set the version" before it',
  },
  {
    what: "something is deployed before the step",
    deploy: (text) =>
      text.replace("      - name: Install uv\n", "      - uses: appleboy/ssh-action@v1\n      - name: Install uv\n"),
    reason: "before it, which the earlier job lacks",
  },
  {
    what: "the two run in different directories",
    deploy: (text) =>
      text.replace("    steps:\n", "    defaults: { run: { working-directory: apps/backend } }\n    steps:\n"),
    reason: null,
  },
  {
    what: "the two run in different shells",
    deploy: (text) => text.replace("run: moon", "shell: pwsh\n        run: moon"),
    reason: null,
  },
  {
    what: "the commands differ",
    deploy: (text) => text.replace("moon run :ci", "moon run :ci --affected"),
    reason: null,
  },
  {
    what: "the tests are told apart by a variable that the code reads",
    deploy: (text) => text.replace("REGISTRY: ghcr.io", "REGISTRY: ghcr.io\n  TARGET: live"),
    more: { "tests/conftest.py": "import os\nTARGET = os.environ['TARGET']\n" },
    reason: "TARGET is not the same for both",
  },
  {
    what: "the script is more than a list of commands",
    deploy: (text) =>
      text.replace(
        "run: moon run :ci",
        "run: |\n          if [ -f moon.yml ]; then\n            moon run :ci\n          fi",
      ),
    reason: null,
  },
  {
    what: "what fails is let through by the script",
    deploy: (text) => text.replace("moon run :ci", "moon run :ci || true"),
    reason: null,
  },
];

test.each<Case>(cases)(
  "nothing is changed or advised where $what",
  async ({ ci: changeCi = same, deploy: change = same, more = {}, reason }) => {
    const files = { [ciFile]: changeCi(ci), [deployFile]: change(deploy), ...more };
    expect(Object.values(files)).not.toEqual([ci, deploy]);
    const { findings, fixed, remarks } = await outcome(files);
    expect({ findings, fixed }).toEqual({ findings: [], fixed: {} });
    expect(remarks).toEqual(reason === null ? [] : [expect.stringContaining(reason)]);
  },
);

function same(text: string): string {
  return text;
}

/** Repeats that are found and not removed, each with the change that makes it so. */
const refused: [string, (text: string) => string, string, Readonly<Record<string, string>>?][] = [
  [
    "an anchor shares it",
    (text) => text.replace("- name: Verify Codebase", "- &verify\n        name: Verify Codebase"),
    "shared by an anchor",
  ],
  [
    "its list is written in one line",
    (text) =>
      text.replace(
        / {4}steps:[\s\S]*$/,
        "    steps: [{ uses: actions/checkout@v4 }, { uses: moonrepo/setup-toolchain@v0 }, { uses: astral-sh/setup-uv@v5 }, { name: V, env: { S3_ENDPOINT: 'http://localhost:9000', S3_ACCESS_KEY: minio, S3_SECRET_KEY: minio-secret, S3_BUCKET: statements }, run: 'moon run :ci' }, { run: ./deploy.sh }]\n",
      ),
    "shares its lines",
  ],
  [
    "it does something else as well",
    (text) => text.replace("run: moon run :ci", "run: |\n          moon run :ci\n          ./notify.sh"),
    "also runs `./notify.sh`",
  ],
  [
    "coverage is uploaded behind it",
    (text) => text.replace("      # From here", "      - uses: codecov/codecov-action@v4\n      # From here"),
    "may need what it leaves",
  ],
  [
    "a later step runs where it failed",
    (text) => `${text}      - name: Tell\n        if: failure()\n        run: echo bad\n`,
    'the step "Tell" behind it',
  ],
  [
    "its outcome is read",
    (text) =>
      `${text.replace("- name: Verify Codebase", "- id: verify\n        name: Verify Codebase")}      - name: Tell\n        run: echo \${{ steps.verify.outcome }}\n`,
    "steps.verify",
  ],
  ["its job does nothing else", (text) => text.replace(/ {6}# From here[\s\S]*$/, ""), "does nothing else"],
  [
    "the task builds as well",
    same,
    "also builds",
    {
      "moon.yml":
        "tasks:\n  ci:\n    deps: ['~:test', '~:bundle']\n  test: { command: pytest }\n  bundle: { command: vite build, outputs: [dist] }\n",
    },
  ],
  [
    "a task's makefile builds",
    (text) => text.replaceAll("moon run :ci", "make ci"),
    "`make ci` also builds: `docker build .`",
    { Makefile: "ci: test image\ntest:\n\tpytest\nimage:\n\t@docker build .\n" },
  ],
  [
    "its task cannot be read",
    (text) => text.replaceAll("moon run :ci", "just ci"),
    "what `just ci` does could not be read",
  ],
];

test.each(refused)("a repeat is told and not removed where %s", async (_what, change, doubt, more = {}) => {
  const command = /run: (make ci|just ci)/.exec(change(deploy))?.[1] ?? "moon run :ci";
  const files = { [ciFile]: ci.replace("moon run :ci", command), [deployFile]: change(deploy), ...more };
  const { findings, fixed, doubts } = await outcome(files);
  expect(findings).toEqual([expect.stringContaining(`runs \`${command}\` again`)]);
  expect(fixed).toEqual({});
  expect(doubts).toEqual([expect.stringContaining(doubt)]);
});
