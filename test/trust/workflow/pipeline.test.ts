import { expect, test } from "vitest";
import { outcome } from "./audited.ts";

const file = ".gitlab-ci.yml";
const pipeline = `# Tests, then deploys.
stages: [test, deploy]

image: python:3.12

test:
  stage: test
  script:
    - pip install -r requirements.txt
    - pytest -q

deploy:
  stage: deploy
  script:
    - pip install -r requirements.txt
    # again, to be sure
    - pytest -q
    - ./deploy.sh   # to staging
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
`;

test("a job that tests again what a job of an earlier stage passed loses that line, and nothing else", async () => {
  const { findings, fixed } = await outcome({ [file]: pipeline });
  expect(findings).toEqual([
    `${file}:17:7 the job deploy runs \`pytest -q\` again: it begins only after the job test passed it (line 6)`,
  ]);
  expect(fixed[file]).toBe(pipeline.replace("    - pytest -q\n    - ./deploy", "    - ./deploy"));
});

test.each([
  [
    "the first job runs only sometimes",
    ["test:\n  stage: test\n", "test:\n  stage: test\n  rules: [{ if: $CI_MERGE_REQUEST_ID }]\n"],
    "has `rules`",
  ],
  [
    "the first job may fail",
    ["test:\n  stage: test\n", "test:\n  stage: test\n  allow_failure: true\n"],
    "has `allow_failure`",
  ],
  [
    "the first job extends another",
    ["test:\n  stage: test\n", "test:\n  stage: test\n  extends: .base\n"],
    "has `extends`",
  ],
  [
    "the first job is started by hand",
    ["test:\n  stage: test\n", "test:\n  stage: test\n  when: manual\n"],
    "has `when`",
  ],
  ["other files may change the jobs", ["stages:", "include: [{ local: other.yml }]\nstages:"], "includes other files"],
  [
    "the later job runs where the first failed",
    ['== "main"\n', '== "main"\n      when: always\n'],
    "also runs where an earlier one failed",
  ],
  [
    "the two have different images",
    ["deploy:\n  stage: deploy\n", "deploy:\n  stage: deploy\n  image: python:3.13\n"],
    "`image` is not the same",
  ],
  [
    "the two have different services",
    ["test:\n  stage: test\n", "test:\n  stage: test\n  services: [postgres:17]\n"],
    "`services` is not the same",
  ],
  [
    "the two have different variables",
    ["deploy:\n  stage: deploy\n", "deploy:\n  stage: deploy\n  variables: { DATABASE_URL: x }\n"],
    "DATABASE_URL is not the same",
  ],
  ["something comes before it", ["    # again, to be sure\n", "    - cd apps\n"], "`cd apps`, which comes before it"],
])("a pipeline is left alone where %s", async (_what, [from, to], reason) => {
  const { findings, fixed, remarks } = await outcome({ [file]: pipeline.replace(from as string, to as string) });
  expect(fixed).toEqual({});
  expect(findings.filter((finding) => finding.includes("again"))).toEqual([]);
  expect(remarks.join()).toContain(reason);
});

test.each([
  ["needs nothing, so that it begins at once", ["  stage: deploy\n", "  stage: deploy\n  needs: []\n"]],
  ["is of the same stage", ["  stage: deploy\n", "  stage: test\n"]],
])("a job that %s repeats nothing", async (_what, [from, to]) => {
  const { findings, fixed, remarks } = await outcome({ [file]: pipeline.replace(from as string, to as string) });
  expect({ findings, fixed, remarks }).toEqual({ findings: [], fixed: {}, remarks: [] });
});

test.each([
  [
    "its job keeps coverage",
    ["  rules:\n    - if", "  coverage: '/TOTAL/'\n  rules:\n    - if"],
    "its job has `coverage`",
  ],
  ["its job does nothing else", ["    - ./deploy.sh   # to staging\n", ""], "does nothing else"],
  [
    "its list is written in one line",
    [
      / {2}script:\n {4}- pip install -r requirements.txt\n {4}# again[\s\S]*?staging\n/,
      "  script: [pip install -r requirements.txt, pytest -q, ./deploy.sh]\n",
    ],
    "shares its lines",
  ],
] as const)("a repeated line is told and stays where %s", async (_what, [from, to], doubt) => {
  const { findings, fixed, doubts } = await outcome({ [file]: pipeline.replace(from, to) });
  expect(findings).toHaveLength(1);
  expect(fixed).toEqual({});
  expect(doubts).toEqual([expect.stringContaining(doubt)]);
});

test("a pipeline with a head for its inputs is no mistake, and left alone", async () => {
  const { findings, fixed } = await outcome({
    [file]: `spec:\n  inputs:\n    stage: { default: test }\n---\n${pipeline}`,
  });
  expect({ findings, fixed }).toEqual({ findings: [], fixed: {} });
});

test("names that lead nowhere are told with their place, unless another file may bring them", async () => {
  const text =
    "test:\n  stage: check\n  needs: [build]\n  script: [pytest]\npage:\n  extends: .base\n  script: [make]\n";
  expect((await outcome({ [file]: text })).findings).toEqual([
    `${file}:2:10 the stage check of the job test is none of the stages`,
    `${file}:3:10 the job test needs build, which is no job here`,
    `${file}:6:12 the job page extends .base, which is not there`,
  ]);
  expect((await outcome({ [file]: `include: other.yml\n${text}` })).findings).toEqual([]);
});
