import { expect, test } from "vitest";
import { audit, ci, ciFile, deploy, deployFile, outcome, repeatedStep } from "./audited.ts";

test("a deployment that verifies again what the pull request and main passed loses that step and its variables, and nothing else", async () => {
  const { findings, doubts, fixed } = await outcome({ [ciFile]: ci, [deployFile]: deploy });
  expect(findings).toEqual([
    `${deployFile}:27:9 "Verify Codebase" runs \`moon run :ci\` again: the job check of ${ciFile}:20 runs it on every pull request to main and on main itself`,
  ]);
  expect(doubts).toEqual([]);
  expect(fixed).toEqual({ [deployFile]: deploy.replace(repeatedStep, "") });
});

test("a deployment of fewer commits, by their paths, repeats what all of them passed", async () => {
  const text = deploy.replace("  push:\n", "  push:\n    paths: ['apps/**']\n");
  expect((await outcome({ [ciFile]: ci, [deployFile]: text })).fixed[deployFile]).toBe(text.replace(repeatedStep, ""));
});

test("a variable with a name that no shell knows changes nothing", async () => {
  const text = deploy.replace("  REGISTRY", '  "A(": x\n  REGISTRY');
  expect((await outcome({ [ciFile]: ci, [deployFile]: text })).fixed[deployFile]).toBe(text.replace(repeatedStep, ""));
});

test("a merge queue is as good as a run of every commit of the branch", async () => {
  const queued = ci.replace("  push:\n    branches: [main]\n", "  merge_group:\n");
  expect((await outcome({ [ciFile]: queued, [deployFile]: deploy })).fixed[deployFile]).toBe(
    deploy.replace(repeatedStep, ""),
  );
});

test("variables of the job that only the step used go with it, those that others use stay", async () => {
  const variables = [
    "S3_ENDPOINT: http://localhost:9000",
    "S3_ACCESS_KEY: minio",
    "S3_SECRET_KEY: minio-secret",
    "S3_BUCKET: statements",
  ];
  const ofJob = (lines: readonly string[]) => `    env:\n${lines.map((line) => `      ${line}\n`).join("")}`;
  const step = "      - name: Verify Codebase\n        run: moon run :ci\n\n";
  const written = (lines: readonly string[], own: string) =>
    deploy.replace(repeatedStep, own).replace("    steps:\n", `${ofJob(lines)}    steps:\n`);
  const files = {
    [ciFile]: ci,
    [deployFile]: written(["TAG: staging # of the image", ...variables], step).replace(
      "backend:staging",
      `backend:\${{ env.TAG }}`,
    ),
  };
  const { fixed } = await outcome(files);
  expect(fixed[deployFile]).toBe(
    written(["TAG: staging # of the image"], "").replace("backend:staging", `backend:\${{ env.TAG }}`),
  );
  const all = await outcome({ [ciFile]: ci, [deployFile]: written(variables, step) });
  expect(all.fixed[deployFile]).toBe(deploy.replace(repeatedStep, ""));
});

test("a variable that a script of the deployment may read stays, and is named", async () => {
  const text = deploy
    .replace("  REGISTRY: ghcr.io\n", "  REGISTRY: ghcr.io\n  S3_BUCKET: statements\n")
    .replace("          S3_BUCKET: statements\n        run: moon", "        run: moon")
    .replace('curl -sf -X POST "https://deploy.example.com"', "./deploy.sh");
  const { fixed, remarks } = await outcome({ [ciFile]: ci, [deployFile]: text });
  expect(fixed[deployFile]).toContain("S3_BUCKET: statements");
  expect(fixed[deployFile]).not.toContain("moon run :ci");
  expect(remarks).toEqual([`S3_BUCKET may be left over, and stays: the step "Deploy" may read it`]);
});

test("a service that only the step used goes with it", async () => {
  const service = "    services:\n      minio:\n        image: minio/minio:latest\n        ports: ['9000:9000']\n";
  const [withService, deployed] = [ci, deploy].map((text) => text.replace("    steps:\n", `${service}    steps:\n`));
  const { fixed } = await outcome({
    [ciFile]: withService as string,
    [deployFile]: (deployed as string).replace(/ {6}- name: Deploy\n[\s\S]*$/, ""),
  });
  expect(fixed[deployFile]).toBe(deploy.replace(repeatedStep, "").replace(/ {6}- name: Deploy\n[\s\S]*$/, ""));
});

test("the last step of a job goes with the blank line before it", async () => {
  const text = deploy.replace(repeatedStep, "").replace(/ {6}- name: Deploy\n[\s\S]*$/, repeatedStep.trimEnd());
  const { fixed } = await outcome({
    [ciFile]: ci,
    [deployFile]: text.replace(/ {6}# From here[\s\S]*staging"\n/, "      - run: docker info\n"),
  });
  // What comes before it is no set-up that the earlier job has, so that it is left alone.
  expect(fixed).toEqual({});
});

test("a comment above the step stays, and is named", async () => {
  const text = deploy.replace(repeatedStep, `      # All must be green\n${repeatedStep}`);
  const audits = await audit({ [ciFile]: ci, [deployFile]: text });
  expect(audits.flatMap(({ changes }) => changes.map(({ action }) => action))).toEqual([
    'removes lines 28 to 34, the step "Verify Codebase", with S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET; the comment above it stays (line 27)',
  ]);
  expect((await outcome({ [ciFile]: ci, [deployFile]: text })).fixed[deployFile]).toContain("# All must be green\n");
});

test("lines that end as on Windows keep their ends", async () => {
  const files = { [ciFile]: ci, [deployFile]: deploy.replaceAll("\n", "\r\n") };
  const { fixed } = await outcome(files);
  expect(fixed[deployFile]).toBe(deploy.replace(repeatedStep, "").replaceAll("\n", "\r\n"));
});

/** The deployment in other layouts, each with and without the step. */
const layouts: [string, (text: string, step: string) => string][] = [
  [
    "steps that are not set in",
    (text, step) =>
      withStep(text, step)
        .replace(/^ {6}(?=.)/gm, "    ")
        .replace(/^ {4}(?=[a-z]+:( |$))(?!steps|runs-on|permissions)/gm, "    "),
  ],
  ["dashes on lines of their own", (text, step) => withStep(text, step).replace(/^( {6})- name/gm, "$1-\n$1  name")],
  ["no blank lines", (text, step) => withStep(text, step).replace(/\n\n/g, "\n")],
  [
    "a script in a block, with a comment and blank lines in it",
    (text, step) =>
      withStep(
        text,
        step.replace(
          "run: moon run :ci",
          "run: |\n\n          # all\n          moon run :ci\n\n        timeout-minutes: 20 # enough",
        ),
      ),
  ],
  [
    "keys and values in quotes",
    (text, step) =>
      withStep(
        text,
        step
          .replace("- name: Verify Codebase", '- "name": "Verify Codebase"')
          .replace("run: moon run :ci", "'run': \"moon run :ci\""),
      ),
  ],
];

test.each(layouts)("the step is cut out of a workflow with %s", async (_what, layout) => {
  const { fixed, doubts } = await outcome({ [ciFile]: ci, [deployFile]: layout(deploy, repeatedStep) });
  expect(doubts).toEqual([]);
  expect(fixed[deployFile]).toBe(layout(deploy, ""));
});

function withStep(text: string, step: string): string {
  return text.replace(repeatedStep, step);
}

const action = ".github/actions/verify/action.yml";
const composite = (steps: string): string => `name: V\ndescription: V\nruns:\n  using: composite\n  steps:\n${steps}`;
const withAction = (text: string): string => text.replace(/run: moon run :ci/, "uses: ./.github/actions/verify");

test("a local action that only verifies is removed as a command is", async () => {
  const files = {
    [ciFile]: withAction(ci),
    [deployFile]: withAction(deploy),
    [action]: composite("    - run: moon run :ci\n      shell: bash\n"),
  };
  const { findings, fixed } = await outcome(files);
  expect(findings).toEqual([expect.stringContaining("runs `./.github/actions/verify` again")]);
  expect(fixed[deployFile]).toBe(deploy.replace(repeatedStep, ""));
});

test("a local action that sets something up as well is told, and stays", async () => {
  const steps = "    - uses: actions/setup-node@v4\n    - run: moon run :ci\n      shell: bash\n";
  const files = { [ciFile]: withAction(ci), [deployFile]: withAction(deploy), [action]: composite(steps) };
  const { doubts, fixed } = await outcome(files);
  expect(doubts).toEqual(["the step also runs other steps of the action"]);
  expect(fixed).toEqual({});
});

test("a local action that is not there verifies nothing", async () => {
  expect(await outcome({ [ciFile]: withAction(ci), [deployFile]: withAction(deploy) })).toMatchObject({
    findings: [],
    fixed: {},
  });
});

const oneRun = `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - run: npm test
  deploy:
    needs: test
    if: github.ref == 'refs/heads/main'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - run: npm test
      - run: npx wrangler deploy
`;

test("a job that begins only after another passed the same is a repeat within one run", async () => {
  const { findings, fixed } = await outcome({ [ciFile]: oneRun });
  expect(findings).toEqual([
    `${ciFile}:16:9 \`npm test\` runs \`npm test\` again: the job deploy begins only after the job test passed it (${ciFile}:8)`,
  ]);
  expect(fixed[ciFile]).toBe(oneRun.replace("      - run: npm test\n      - run: npx", "      - run: npx"));
});

test("several steps are cut together, the last ones of a job too", async () => {
  const steps = (end: string) =>
    `    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n      - run: ./prepare.sh\n${end}`;
  const checks = "\n      - run: npm run lint\n\n      - run: npm test\n";
  const job = (name: string, end: string) => `  ${name}:\n    runs-on: ubuntu-latest\n${steps(end)}`;
  const text = (end: string) =>
    `on: push\njobs:\n${job("test", checks)}\n${job("deploy", end)}    needs: test\n\n${job("after", "")}`;
  const { fixed, doubts } = await outcome({ [ciFile]: text(checks) });
  expect(doubts).toEqual([]);
  expect(fixed[ciFile]).toBe(text("\n"));
});

test.each([
  ["a job that needs it not", ["    needs: test\n", ""], []],
  [
    "a job that runs whatever the other said",
    ["if: github.ref == 'refs/heads/main'", "if: always()"],
    ["its job runs whatever"],
  ],
  [
    "a test whose failure is let through",
    ["      - run: npm test\n  deploy", "      - run: npm test\n        continue-on-error: true\n  deploy"],
    ["lets its failure through"],
  ],
  [
    "a test that is a matrix",
    [
      "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n      - run: npm test\n  deploy",
      "    runs-on: ubuntu-latest\n    strategy: { matrix: { node: [20, 22] } }\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n      - run: npm test\n  deploy",
    ],
    ["is a matrix"],
  ],
  [
    "a test in a container",
    ["  test:\n    runs-on: ubuntu-latest\n", "  test:\n    runs-on: ubuntu-latest\n    container: node:22\n"],
    ["different machines"],
  ],
])("%s makes no repeat within one run", async (_what, [from, to], reasons) => {
  const { findings, remarks, fixed } = await outcome({ [ciFile]: oneRun.replace(from as string, to as string) });
  expect({ findings, fixed }).toEqual({ findings: [], fixed: {} });
  expect(remarks).toEqual(reasons.map((reason) => expect.stringContaining(reason)));
});
