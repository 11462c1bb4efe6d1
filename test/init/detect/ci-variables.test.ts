import { expect, it } from "vitest";
import { withCiVariables } from "../../../src/init/detect/ci-variables.ts";
import { draftConfig } from "../../../src/init/draft-config.ts";
import { aTest, projectOf } from "../project.ts";

type Texts = Readonly<Record<string, string>>;
const commandOf = (files: Texts): string | undefined =>
  draftConfig(projectOf(files), "shop", "main")?.config.suites[0]?.command;
const reads = (name: string): Texts => ({ "tests/test_a.py": `import os\nNAME = os.environ["${name}"]\n${aTest}` });
const workflow = (env: string, run = "pytest tests"): Texts => ({
  ".github/workflows/test.yml": `jobs:\n  test:\n    env: { ${env} }\n    steps:\n      - run: ${run}\n`,
});

it("the name of a configuration file is taken from CI, whose tests the code reads it in", () => {
  const files = { ...reads("APP_CONFIG"), ...workflow("APP_CONFIG: tests/config.ini") };
  expect(commandOf(files)).toBe("APP_CONFIG=tests/config.ini pytest tests");
  expect(draftConfig(projectOf(files), "shop", "main")?.suites[0]?.notes).toContain(
    "with APP_CONFIG, as .github/workflows/test.yml sets it",
  );
});

it.each([
  ["what no code reads", { ...reads("OTHER"), ...workflow("APP_CONFIG: a.ini") }],
  ["what leads to one database", { ...reads("DB_HOST"), ...workflow("DB_HOST: localhost") }],
  ["an address", { ...reads("REDIS_URL"), ...workflow("REDIS_URL: redis://localhost") }],
  ["what only GitHub knows", { ...reads("SHARD"), ...workflow('SHARD: "$' + '{{ matrix.shard }}"') }],
  ["what is about the machine", { ...reads("PIP_CACHE_DIR"), ...workflow("PIP_CACHE_DIR: cache") }],
])("%s is not", (_, files) => {
  expect(commandOf(files)).toBe("pytest tests");
});

it("nothing is taken of a job that runs no tests, nor of jobs that differ", () => {
  const only = { ...reads("APP_CONFIG"), ...workflow("APP_CONFIG: a.ini", "make build") };
  expect(commandOf(only)).toBe("pytest");
  const other = { ".github/workflows/more.yml": workflow("APP_CONFIG: b.ini")[".github/workflows/test.yml"] ?? "" };
  expect(commandOf({ ...reads("APP_CONFIG"), ...workflow("APP_CONFIG: a.ini"), ...other })).toBe("pytest tests");
});

it("what the command sets itself stays, and a build in front of it is left alone", () => {
  const files = projectOf({
    ...workflow("APP_CONFIG: ci, MODE: test", "npm test"),
    "test/a.js": "process.env.APP_CONFIG; process.env.MODE;\n",
  });
  const suite = { root: ".", runner: "mocha", source: [], projectName: undefined, notes: [] } as const;
  const [changed] = withCiVariables(files, [{ ...suite, command: "npm run build && APP_CONFIG=own mocha" }]);
  expect(changed?.command).toBe("npm run build && MODE=test APP_CONFIG=own mocha");
});

it("a part of the address that only the code tells is not taken, from CI or from a script", () => {
  const code =
    'import os, psycopg2\npsycopg2.connect(host=os.environ["SHOP_HOST"], port=os.environ["SHOP_PORT"], dbname=os.environ["SHOP_NAME"])\n';
  const files = { "src/store.py": code, "requirements.txt": "psycopg2\n", "tests/test_a.py": aTest };
  expect(commandOf({ ...files, ...workflow("SHOP_HOST: localhost") })).toBe("pytest tests");
  const makefile = "test:\n\tMODE=a SHOP_HOST=localhost pytest tests\n";
  expect(commandOf({ ...files, Makefile: makefile })).toBe("MODE=a pytest tests");
});
