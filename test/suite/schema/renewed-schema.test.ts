import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adapterPath, packageRoot } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { linkPackages, makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makeNodeRepository } from "../../support/node-suite.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import type { Repository } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";
import { readSummary, runIn } from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(async () => {
  await server?.stop();
});

/** How many generated sequences are compared; a long run takes some hundred (SEQUENCES=400). */
const sequences = Number(process.env.SEQUENCES ?? 10);

async function renewals(kind: string, mode: string): Promise<unknown[]> {
  const database = `${kind}_${mode}`;
  await server.query(`CREATE DATABASE "${database}"`);
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  const environment = suiteEnvironment({
    PATH: process.env.PATH,
    URL: url.href,
    PRELOAD: pathToFileURL(adapterPath("schema/preload.mjs")).href,
  });
  const words = ["node", join(import.meta.dirname, "renewals.mjs"), kind, mode, "0", String(sequences)];
  const { exitCode, output } = await runShell(words.map(quote).join(" "), packageRoot, environment);
  expect(exitCode, output).toBe(0);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test.each(["sequelize", "typeorm"])(
  "whatever tests do to schema and rows, a call of %s that makes the schema anew gives the same where it is kept",
  async (kind) => {
    const [real, kept] = await Promise.all(["real", "kept"].map((mode) => renewals(kind, mode)));
    for (const [index, one] of (real ?? []).entries()) expect(kept?.[index]).toEqual(one);
    expect(real).toHaveLength(sequences);
  },
  600_000,
);

const database = { name: "kept_test", schema: "reset" };

/** Three tests, the second of which changes the schema. */
function body(test: string, load: string): string {
  return `${load}
const connection = new Sequelize(process.env.DATABASE_URL, { logging: false });
const account = connection.define("account", { name: DataTypes.STRING });
const begin = async () => {
  await connection.sync({ force: true });
  const { id } = await account.create({ name: "Cash" });
  if (id !== 1) throw new Error("found rows");
};
${test}("sees no rows", begin);
${test}("changes the schema", async () => {
  await begin();
  await connection.query("ALTER TABLE accounts ADD COLUMN more int");
});
${test}("sees no change", async () => {
  await begin();
  const columns = await connection.getQueryInterface().describeTable("accounts");
  if (columns.more) throw new Error("found a column");
});
${test}("closes", () => connection.close());
`;
}

const required =
  'const { add } = require("../src/sums.js");\nadd(1, 2);\nconst { DataTypes, Sequelize } = require("sequelize");';
const imported =
  'import { test } from "vitest";\nimport { DataTypes, Sequelize } from "sequelize";\nimport { add } from "../src/sums.js";\nadd(1, 2);';
const suites: Readonly<Record<string, () => Promise<Repository>>> = {
  jest: () => makeJestRepository({ "test/sums.test.js": body("test", required) }, {}, { database }),
  mocha: () => makeMochaRepository({ "test/sums.test.js": body("it", required) }, { workers: 1 }, { database }),
  node: () =>
    makeNodeRepository(
      { "test/sums.test.js": body("test", `const { test } = require("node:test");\n${required}`) },
      { workers: 1 },
      { database },
    ),
  vitest: () => makeVitestRepository({ "test/sums.test.js": body("test", imported) }, {}, { database }),
};

test.each(Object.entries(suites))(
  "%s keeps the schema of Sequelize until a test changes it, and the run says so",
  async (_runner, make) => {
    const { root } = await make();
    await linkPackages(root, ["sequelize"], {});
    const { code, output } = await runIn(root, []);
    expect(code, output).toBe(0);
    const [suite] = (await readSummary(root)).suites;
    const reasons = { "a test changed more than rows": 1 };
    expect(suite?.schema).toEqual({ kept: 1, made: 2, reasons, off: null });
  },
);
