import type { CiFacts, PythonFacts } from "./ci-facts.ts";
import { checkCommand } from "./github-workflow.ts";

/** The job that asks for a receipt first, and runs the suites where none stands; without a stage in GitLab's own. */
export function gitlabPipeline(facts: CiFacts, stage: string | null = null): string {
  const { node, postgresImage } = facts;
  const preparation = [
    ...managerCommands[node.manager],
    node.install,
    ...node.others.map(({ directory, install }) => inDirectory(install, directory)),
    ...(facts.python.length > 0 ? pythonBase : []),
    ...facts.python.flatMap(pythonCommands),
    ...facts.tools.map((tool) =>
      tool === "moon" ? "npm install --global @moonrepo/cli" : `pip install ${tool === "poe" ? "poethepoet" : tool}`,
    ),
  ];
  const base = `$CI_COMMIT_BRANCH == "${facts.base}"`;
  return [
    `# Verifies what is proposed for ${facts.base}, and ${facts.base} itself. A tree that a trusted receipt proves is not run`,
    "# again. Written by `verify init --ci gitlab`; it is yours to change.",
    "verify:",
    ...(stage === null ? [] : [`  stage: ${JSON.stringify(stage)}`]),
    "  image: node:22-bookworm",
    ...(postgresImage === null ? [] : ["  services:", `    - ${postgresImage}`]),
    "  rules:",
    '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
    `    - if: ${base}`,
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
    "    key:",
    "      files:",
    // At most two files, which is all that GitLab takes.
    ...facts.cacheInputs.slice(0, 2).map((file) => `        - ${file}`),
    "    paths:",
    "      - .cache/",
    "  before_script:",
    "    # The cache is no part of what is verified.",
    "    - echo /.cache/ >> .git/info/exclude",
    "  script:",
    "    # Not the program that the branch installs. Whatever keeps it from an answer, the suites run.",
    `    - if (cd /tmp && ${checkCommand(facts.version)} -C "$CI_PROJECT_DIR"); then exit 0; fi`,
    ...preparation.map(item),
    item(`${node.call} verify`),
    "  artifacts:",
    "    when: always",
    "    expire_in: 1 week",
    "    paths:",
    "      - .verify/",
    "",
  ].join("\n");
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
function item(command: string): string {
  return `    - ${/: |#|^[&*!|>'"%@`{[]/.test(command) ? JSON.stringify(command) : command}`;
}
