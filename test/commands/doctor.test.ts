import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hookFile } from "../../src/init/hook/file.ts";
import { linkPackages } from "../support/jest-suite.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { linkProgram, pusherEnvironment } from "../support/tiny-suite.ts";
import {
  configFile,
  makeParallelPytestRepository,
  makePytestRepository,
  runIn,
  userEnvironment,
} from "../support/verify.ts";

const husky: Files = {
  ".gitignore": "__pycache__/\nnode_modules\n",
  ".husky/pre-push": hookFile(null, { script: "node_modules/pushproof/hooks/pre-push", install: "npm install" }),
};

/** Installs husky and the program in a checkout, as the install of its packages does. */
async function installed(repository: Repository): Promise<Repository> {
  await linkProgram(repository.root);
  await runShell("node_modules/.bin/husky", repository.root, pusherEnvironment(repository));
  return repository;
}

const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2 };

test("a repository that has all it needs is told so, with what was found", async () => {
  const { root } = await installed(await makeParallelPytestRepository(husky, { database: { name: "sums_test" } }));
  const { code, output } = await runIn(root, ["doctor"]);
  expect(output).toContain("Everything is ready.");
  expect(code).toBe(0);
  expect(output).toMatch(/✔ git: version 2\./);
  expect(output).toContain("✔ hook: .husky/pre-push runs pushproof");
  expect(output).toMatch(/✔ backend: pytest \d\S+, pytest-xdist \d\S+, pytest-cov \d/);
  expect(output).toMatch(/✔ Postgres: embedded 17\./);
});

test.each([
  [
    "advised where a fixture makes the tables before every test",
    {},
    true,
    "`engine` (tests/conftest.py:4) makes the tables",
  ],
  ["said to have no effect where no test makes tables", { schema: "reset" }, false, '"schema": "reset" has no effect'],
  ["passed over where it is used", { schema: "reset" }, true, null],
])("keeping the schema is %s", async (_, database, makesTables, text) => {
  const conftest = `import pytest

@pytest.fixture
def engine():
    metadata.create_all(engine)
    yield engine
    metadata.drop_all(engine)
`;
  const { root } = await makePytestRepository({
    ...(makesTables ? { "tests/conftest.py": conftest } : {}),
    "verify.config.json": configFile({ suites: [suite], database: { name: "sums_test", ...database } }),
  });
  const { output } = await runIn(root, ["doctor"]);
  if (text === null) expect(output).not.toContain("schema:");
  else expect(output).toContain(`! schema: ${text}`);
});

test("it changes nothing", async () => {
  const repository = await installed(await makePytestRepository(husky));
  const before = await repository.git("status", "--porcelain", "--ignored");
  await runIn(repository.root, ["doctor"]);
  expect(await repository.git("status", "--porcelain", "--ignored")).toBe(before);
});

/** A repository in which one thing is wrong, and what is said of it. */
const problems: readonly [string, Files, object, string, string, number][] = [
  [
    "no configuration",
    { "verify.config.json": null },
    {},
    "there is no verify.config.json",
    "Run `npx verify init`",
    2,
  ],
  ["a broken configuration", { "verify.config.json": "{" }, {}, "✘ configuration: verify.config.json", "", 2],
  [
    "a source that is not there",
    {},
    { suites: [{ ...suite, source: ["lib"] }] },
    'The source "lib" of suite "backend"',
    "",
    2,
  ],
  [
    "reports that cannot be written",
    { ".verify": "no directory\n" },
    {},
    ".verify is no directory",
    "Make .verify a directory",
    3,
  ],
  [
    "a server that is not there",
    {},
    { database: { url: "postgresql://me@127.0.0.1:1/postgres" } },
    "✘ Postgres:",
    "Start it, or correct the URL",
    3,
  ],
];

test.each(problems)("%s is told, with what to do", async (_what, files, config, words, remedy, expected) => {
  const { root } = await installed(await makePytestRepository({ ...husky, ...files }, config));
  const { code, output } = await runIn(root, ["doctor"]);
  expect(output).toContain(words);
  expect(output).toContain(remedy);
  expect(code).toBe(expected);
});

test("a Python without what a suite needs is told with the command that installs it", async () => {
  const { root } = await installed(await makeParallelPytestRepository(husky));
  await writeFile(
    join(root, "python3"),
    '#!/bin/sh\necho \'{"pytest": "9.0", "pytest-xdist": null, "pytest-cov": null}\'\n',
    { mode: 0o755 },
  );
  await writeFile(join(root, "pytest"), "#!/bin/sh\n", { mode: 0o755 });
  const environment = await userEnvironment();
  const { code, output } = await runIn(root, ["doctor"], {
    environment: { ...environment, PATH: `${root}:${environment.PATH}` },
  });
  expect(output).toContain("pytest-xdist, pytest-cov are not installed where `pytest` runs");
  expect(output).toContain("Run: pip install pytest-xdist pytest-cov");
  expect(code).toBe(3);
});

test("a check and a setup whose package manager is not there are told as that", async () => {
  const config = { checks: { lint: "rye run lint" }, database: { name: "sums_test", setup: "rye run migrate" } };
  const { root } = await installed(await makePytestRepository(husky, config));
  const { code, output } = await runIn(root, ["doctor"]);
  expect(output).toContain("✘ check lint: rye is not installed, which `rye run lint` needs");
  expect(output).toContain("✘ database.setup: rye is not installed, which `rye run migrate` needs");
  expect(code).toBe(3);
});

test("a vitest without its coverage provider, and a jest that is not there, are told with what installs them", async () => {
  const suites = [
    { name: "web", runner: "vitest", command: "vitest run" },
    { name: "api", runner: "jest", command: "jest" },
  ];
  const files = {
    ...husky,
    "package.json": "{}\n",
    "verify.config.json": configFile({ suites, database: false }),
  };
  const { root } = await installed(await makeRepository(files));
  await linkPackages(root, ["vitest"], {});
  const { code, output } = await runIn(root, ["doctor"]);
  expect(output).toMatch(
    /✘ web: vitest 4\S+ has no coverage provider\n {4}Run: npm install --save-dev @vitest\/coverage-v8@4/,
  );
  expect(output).toContain("✘ api: jest is not installed in the repo's root");
  expect(code).toBe(3);
  await rm(join(root, "node_modules"), { recursive: true });
});

test("a suite that is there and not configured is told with what to add", async () => {
  const files = { ...husky, "web/package.json": '{ "scripts": { "test": "jest" } }\n', "web/a.test.js": "" };
  const { root } = await installed(await makePytestRepository(files));
  const { output } = await runIn(root, ["doctor"]);
  expect(output).toContain("! suites: web seems to have a jest suite that is not configured");
  expect(output).toContain('Add to "suites": {"name":"web","root":"web","runner":"jest","command":"jest"');
});

test("a base that is not there is only remarked", async () => {
  const { root } = await installed(await makePytestRepository(husky, { base: "develop" }));
  const { code, output } = await runIn(root, ["doctor"]);
  expect(output).toContain('! base: there is no branch "develop" here');
  expect(code).toBe(0);
});
