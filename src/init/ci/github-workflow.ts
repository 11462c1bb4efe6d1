import { type CiFacts, heading, type NodeFacts, type PythonFacts } from "./ci-facts.ts";

/** Runs only where no receipt proved the tree. */
const unproven = "steps.receipt.outputs.verified != 'true'";

/** The workflow that asks for a receipt first, and runs the suites where none stands. */
export function githubWorkflow(facts: CiFacts): string {
  const run = [...preparation(facts), verifyStep(facts, "verify")];
  const steps = [
    checkout,
    receiptStep(facts),
    ...run.map((step) => withCondition(step, unproven)),
    reportStep(unproven),
  ];
  return [
    ...beginning(facts, "verify init --ci github"),
    "  verify:",
    "    runs-on: ubuntu-latest",
    ...service(facts),
    stepsText(steps),
    "",
  ].join("\n");
}

/** What every workflow begins with, up to its jobs; `command` is what wrote it. */
export function beginning(facts: CiFacts, command: string): string[] {
  const branches = `    branches: [${quoted(facts.base)}]`;
  return [
    ...heading(facts, command),
    "name: Verify",
    "",
    "on:",
    "  pull_request:",
    branches,
    "  push:",
    branches,
    "",
    "permissions:",
    "  contents: read",
    "",
    "jobs:",
  ];
}

/** The steps of a job. */
export function stepsText(steps: readonly (readonly string[])[]): string {
  const texts = steps.map((lines) =>
    lines.map((line, index) => `      ${index === 0 ? "- " : "  "}${line}`).join("\n"),
  );
  return `    steps:\n${texts.join("\n\n")}`;
}

/** The steps before a suite can run: runtimes, packages, tools, and what is kept of Postgres. */
export function preparation(facts: CiFacts): string[][] {
  return [
    ...nodeSteps(facts.node),
    ...facts.python.flatMap(pythonSteps),
    ...facts.tools.map(toolStep),
    ...(facts.isEmbedded ? [cacheStep(facts)] : []),
  ];
}

/** A branch's name as YAML. */
function quoted(name: string): string {
  return /^[A-Za-z][\w./-]*$/.test(name) && !/^(true|false|null|yes|no|on|off)$/i.test(name)
    ? name
    : JSON.stringify(name);
}

/** Checks the commit out, with what is compared with it. */
export const checkout = [
  "uses: actions/checkout@v4",
  "with:",
  "  # The base branch holds the policy, and changed lines are held against it.",
  "  fetch-depth: 0",
];

/** Asks with a program from outside of the checkout: what the checkout's packages bring, the branch chooses. */
export function receiptStep({ version }: CiFacts): string[] {
  return [
    "name: Ask for a receipt",
    "id: receipt",
    "# Not the program that the branch installs. Whatever keeps it from an answer, the suites run.",
    `working-directory: \${{ runner.temp }}`,
    `run: ${checkCommand(version)} -C "$GITHUB_WORKSPACE" || true`,
  ];
}

/** The command that asks for a receipt, without the checkout to ask for and without Postgres's files. */
export function checkCommand(version: string): string {
  return `npx --yes --omit=optional pushproof@${version} check`;
}

/** A step with its condition, behind what it is called. */
export function withCondition([first = "", ...others]: readonly string[], condition: string): string[] {
  return [first, `if: ${condition}`, ...others];
}

/** Sets Node up and installs the packages. */
export function nodeSteps(facts: NodeFacts): string[][] {
  const { manager, lockFile, install, versionFile, isModernYarn, isDeclared, others } = facts;
  const version = versionFile === null ? "node-version: 22" : `node-version-file: ${versionFile}`;
  // setup-node caches for these three, and fails where there is no lock file.
  const cache = lockFile === null || manager === "bun" ? [] : [`  cache: ${manager}`];
  const setup = ["uses: actions/setup-node@v4", "with:", `  ${version}`, ...cache];
  const before = {
    npm: null,
    // It takes the version from package.json, where that names one.
    pnpm: ["uses: pnpm/action-setup@v4", ...(isDeclared ? [] : ["with:", "  version: 10"])],
    yarn: isModernYarn ? runStep("Enable Yarn", "corepack enable") : null,
    bun: ["uses: oven-sh/setup-bun@v2"],
  }[manager];
  return [
    ...(before === null ? [] : [before]),
    setup,
    runStep("Install the packages", install),
    ...others.map((other) => runStep(`Install the packages of ${other.directory}`, other.install, other.directory)),
  ];
}

function runStep(name: string, command: string, directory = "."): string[] {
  const place = directory === "." ? [] : [`working-directory: ${directory}`];
  return [`name: ${name}`, ...place, `run: ${command}`];
}

function pythonSteps(facts: PythonFacts): string[][] {
  const { manager, install, directory, versionFile } = facts;
  const where = directory === "." ? "" : ` of ${directory}`;
  const installation = runStep(`Install the Python packages${where}`, install, directory);
  if (manager === "uv") return [["uses: astral-sh/setup-uv@v5", "with:", "  enable-cache: true"], installation];
  const version = versionFile === null ? 'python-version: "3.x"' : `python-version-file: ${versionFile}`;
  const setup = ["uses: actions/setup-python@v5", "with:", `  ${version}`, ...pythonCache(facts)];
  if (manager === "pip") return [setup, installation];
  return [runStep(`Install ${manager}`, `pipx install ${manager}`), setup, installation];
}

/** What setup-python can cache; it fails where it finds no list to go by. */
function pythonCache({ manager, lists }: PythonFacts): string[] {
  const [first, ...others] = lists;
  if (first === undefined || manager === "pdm" || manager === "uv") return [];
  if (others.length === 0) return [`  cache: ${manager}`, `  cache-dependency-path: ${first}`];
  return [`  cache: ${manager}`, "  cache-dependency-path: |", ...lists.map((list) => `    ${list}`)];
}

function toolStep(tool: string): string[] {
  if (tool === "moon") return ["uses: moonrepo/setup-toolchain@v0"];
  return runStep(`Install ${tool}`, `pipx install ${tool === "poe" ? "poethepoet" : tool}`);
}

function cacheStep({ cacheInputs }: CiFacts): string[] {
  const files = cacheInputs.map((file) => `'${file}'`).join(", ");
  return [
    "name: Keep Postgres and the templates",
    "uses: actions/cache@v4",
    "with:",
    "  path: ~/.cache/pushproof",
    `  key: pushproof-\${{ runner.os }}-\${{ hashFiles(${files}) }}`,
    `  restore-keys: pushproof-\${{ runner.os }}-`,
  ];
}

/** Runs the program, with the server beside it where there is one. */
export function verifyStep({ node, postgresImage }: CiFacts, words: string): string[] {
  const server =
    postgresImage === null
      ? []
      : ["env:", "  VERIFY_DATABASE_URL: postgresql://postgres:postgres@localhost:5432/postgres"];
  return ["name: Verify", ...server, `run: ${node.call} ${words}`];
}

/** Uploads the reports, whatever the verdict; `condition` is that of the steps that run. */
export function reportStep(condition: string): string[] {
  return [
    "name: Upload the reports",
    `if: always() && ${condition}`,
    "uses: actions/upload-artifact@v4",
    "with:",
    "  name: verify",
    "  path: .verify/",
    "  include-hidden-files: true",
    "  if-no-files-found: ignore",
  ];
}

/** The Postgres beside a job; nothing where there is none. */
export function service({ postgresImage }: CiFacts): string[] {
  if (postgresImage === null) return [];
  return [
    "    services:",
    "      postgres:",
    `        image: ${postgresImage}`,
    "        env:",
    "          POSTGRES_PASSWORD: postgres",
    "        ports:",
    "          - 5432:5432",
    "        options: >-",
    "          --health-cmd pg_isready",
    "          --health-interval 5s",
    "          --health-timeout 5s",
    "          --health-retries 10",
  ];
}
