import { type CiFacts, heading, type PythonFacts } from "./ci-facts.ts";
import { checkCommand } from "./github-workflow.ts";

/** The job that asks for a receipt first, and runs the suites where none stands; without a stage in GitLab's own. */
export function gitlabPipeline(facts: CiFacts, stage: string | null = null): string {
  return [
    ...heading(facts, "verify init --ci gitlab"),
    "verify:",
    ...stageLine(stage),
    ...surroundings(facts),
    ...rulesFor(facts),
    "  script:",
    ...question(facts),
    ...preparation(facts).map(item),
    item(`${facts.node.call} verify`),
    ...artifacts,
    "",
  ].join("\n");
}

/** The stage of a job; nothing where it is GitLab's own. */
export function stageLine(stage: string | null): string[] {
  return stage === null ? [] : [`  stage: ${JSON.stringify(stage)}`];
}

/** When a job runs; `when` is added to each rule. */
export function rulesFor({ base }: CiFacts, when: "always" | null = null): string[] {
  const conditions = ['$CI_PIPELINE_SOURCE == "merge_request_event"', `$CI_COMMIT_BRANCH == "${base}"`];
  return [
    "  rules:",
    ...conditions.flatMap((condition) => [`    - if: ${condition}`, ...(when === null ? [] : [`      when: ${when}`])]),
  ];
}

/** The machine of a job: image, server, variables and cache, which `when` keeps after a failure as well. */
export function surroundings(facts: CiFacts, when: "always" | null = null): string[] {
  const { postgresImage } = facts;
  return [
    "  image: node:22-bookworm",
    ...(postgresImage === null ? [] : ["  services:", `    - ${postgresImage}`]),
    "  variables:",
    "    # The base branch holds the policy, and changed lines are held against it.",
    '    GIT_DEPTH: "0"',
    "    # GitLab keeps only what lies in the checkout.",
    "    XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache",
    "    NPM_CONFIG_CACHE: $CI_PROJECT_DIR/.cache/npm",
    ...(facts.python.length > 0 ? ["    PIP_CACHE_DIR: $CI_PROJECT_DIR/.cache/pip"] : []),
    ...(postgresImage === null
      ? []
      : [
          "    POSTGRES_PASSWORD: postgres",
          "    VERIFY_DATABASE_URL: postgresql://postgres:postgres@postgres:5432/postgres",
        ]),
    "  cache:",
    ...(when === null ? [] : [`    when: ${when}`]),
    "    key:",
    "      files:",
    // At most two files, which is all that GitLab takes.
    ...facts.cacheInputs.slice(0, 2).map((file) => `        - ${file}`),
    "    paths:",
    "      - .cache/",
    "  before_script:",
    "    # The cache is no part of what is verified.",
    "    - echo /.cache/ >> .git/info/exclude",
  ];
}

/** Asks for a receipt, and ends the job where one stands. */
export function question({ version }: CiFacts): string[] {
  return [
    "    # Not the program that the branch installs. Whatever keeps it from an answer, the suites run.",
    `    - if (cd /tmp && ${checkCommand(version)} -C "$CI_PROJECT_DIR"); then exit 0; fi`,
  ];
}

/** Keeps the reports, and what shards hand on. */
export const artifacts = [
  "  artifacts:",
  "    when: always",
  "    expire_in: 1 week",
  "    paths:",
  "      - .verify/",
];

/** The commands that install Node's packages. */
export function nodeCommands({ node }: CiFacts): string[] {
  return [
    ...managerCommands[node.manager],
    node.install,
    ...node.others.map(({ directory, install }) => inDirectory(install, directory)),
  ];
}

/** The commands before a suite can run. */
export function preparation(facts: CiFacts): string[] {
  return [
    ...nodeCommands(facts),
    ...(facts.python.length > 0 ? pythonBase : []),
    ...facts.python.flatMap(pythonCommands),
    ...facts.tools.map((tool) =>
      tool === "moon" ? "npm install --global @moonrepo/cli" : `pip install ${tool === "poe" ? "poethepoet" : tool}`,
    ),
  ];
}

const managerCommands = {
  npm: [],
  pnpm: ["corepack enable"],
  yarn: ["corepack enable"],
  bun: ["npm install --global bun"],
} as const;

/** Outside of the checkout, which stays as it was committed. */
const pythonBase = [
  "apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-venv",
  "python3 -m venv /opt/python && . /opt/python/bin/activate && pip install --quiet --upgrade pip",
];

function pythonCommands({ manager, install, directory }: PythonFacts): string[] {
  return [...(manager === "pip" ? [] : [`pip install ${manager}`]), inDirectory(install, directory)];
}

function inDirectory(command: string, directory: string): string {
  return directory === "." ? command : `(cd ${directory} && ${command})`;
}

/** An entry of a script; quoted where YAML would read something else. */
export function item(command: string): string {
  return `    - ${/: |#|^[&*!|>'"%@`{[]/.test(command) ? JSON.stringify(command) : command}`;
}
