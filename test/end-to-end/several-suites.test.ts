import { join } from "node:path";
import { expect, test } from "vitest";
import { ledgerCommand, ledgerFiles } from "../support/ledger.ts";
import { makeRepository } from "../support/repository.ts";
import { tinyFiles, tinySuite } from "../support/tiny-suite.ts";
import { configFile, makePytestRepository, readSummary, runIn } from "../support/verify.ts";
import { linkNodeModules, vitestLedgerFiles } from "../support/vitest-ledger.ts";

test("a pytest and a vitest suite are judged together on their merged coverage", async () => {
  const web = Object.fromEntries(
    Object.entries(vitestLedgerFiles({ files: 2, tests: 5 })).map(([file, content]) => [`apps/web/${file}`, content]),
  );
  const repository = await makeRepository({
    ...ledgerFiles({ root: "apps/backend", files: 2, tests: 12 }),
    ...web,
    "verify.config.json": configFile({
      suites: [
        {
          name: "backend",
          root: "apps/backend",
          runner: "pytest",
          command: ledgerCommand,
          source: ["src"],
          workers: 2,
        },
        { name: "web", root: "apps/web", runner: "vitest", command: "vitest run", workers: 2 },
      ],
      database: {
        name: "shop_test",
        variables: { TEST_DATABASE_URL: "postgresql+psycopg2", DATABASE_URL: "postgresql" },
      },
      checks: { clean: "git status --porcelain" },
    }),
  });
  await linkNodeModules(join(repository.root, "apps/web"));
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain("17 passed");
  expect(code).toBe(0);
  const { suites, coverage, checks } = await readSummary(repository.root);
  expect(suites.map(({ name, databases }) => [name, databases])).toEqual([
    ["backend", ["shop_test_gw0", "shop_test_gw1"]],
    ["web", ["shop_test_gw0", "shop_test_gw1"]],
  ]);
  const directories = new Set(coverage?.files.map(({ file }) => file.split("/").slice(0, 3).join("/")));
  expect([...directories]).toEqual(["apps/backend/src", "apps/web/src"]);
  expect(checks).toMatchObject([{ name: "clean", passed: true }]);
});

test("a pass of one suite alone is no proof of the tree", async () => {
  const suites = ["one", "two"].map((name) => ({ ...tinySuite, name }));
  const repository = await makeRepository(tinyFiles({ suites }));
  const { code, output } = await runIn(repository.root, ["--suite", "one", "--serial"]);
  expect(code).toBe(0);
  expect(output).toContain("No receipt is kept: only some suites ran (--suite).");
  expect((await readSummary(repository.root)).receipt).toBeNull();
});

test("a check that fails fails the verification and names its log", async () => {
  const repository = await makeRepository(tinyFiles({ checks: { lint: "echo two blanks; exit 1" } }));
  const { code, output } = await runIn(repository.root, ["--serial"]);
  expect(code).toBe(1);
  expect(output).toContain('The check "lint" failed: `echo two blanks; exit 1`, see .verify/logs/check-lint.log.');
});

test("a suite that is not configured is refused with the nearest that is", async () => {
  const repository = await makePytestRepository();
  const { code, errors } = await runIn(repository.root, ["--suite", "bakend"]);
  expect(code).toBe(2);
  expect(errors).toBe('There is no suite "bakend": did you mean "backend"? Configured: backend.\n');
});
