import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import type { Count } from "../../src/model/count.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import { linkPackages, makeJestRepository } from "../support/jest-suite.ts";
import { type Files, makeRepository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { configFile, endsWith, makePytestRepository, readSummary, runIn, userEnvironment } from "../support/verify.ts";
import { linkNodeModules } from "../support/vitest-ledger.ts";

/** Lines, branches and functions of every kind, part of them run: figures that only agree if they are counted alike. */
const ledger = (
  exporting: "module" | "commonjs",
): string => `${exporting === "module" ? "export " : ""}function balance(entries) {
  let total = 0;
  for (const entry of entries) {
    if (entry.kind === "credit") {
      total += entry.amount;
    } else if (entry.kind === "debit") {
      total -= entry.amount;
    } else {
      throw new Error(
        "unknown kind: " +
          entry.kind,
      );
    }
  }
  return total > 0 ? total : 0;
}

${exporting === "module" ? "export " : ""}const describe = (total) => total === 0 ? "even" : total > 0 ? "ahead" : "behind";

${exporting === "module" ? "export " : ""}class Account {
  #entries = [];
  get balance() { return balance(this.#entries); }
  add(entry) {
    this.#entries.push(entry); return this;
  }
  close() {
    this.#entries = [];
  }
}

function unused() {
  switch (Math.random()) {
    case 1: return 1;
    default:
      return 2;
  }
}
${exporting === "module" ? "" : "module.exports = { balance, describe, Account, unused };\n"}`;

const uses = `
  const account = new Account().add({ kind: "credit", amount: 3 });
  if (account.balance !== 3 || describe(3) !== "ahead") throw new Error("wrong");
`;
const usesOther = `  if (balance([{ kind: "debit", amount: 1 }]) !== 0) throw new Error("wrong");\n`;
const rounding = (exporting: "module" | "commonjs"): string =>
  `${exporting === "module" ? "export " : ""}const round = (value) => {\n  if (value < 0) {\n    return -round(-value);\n  }\n  return Math.floor(value + 0.5);\n};\n${exporting === "module" ? "" : "module.exports = { round };\n"}`;

const closed = { coverage: { lines: 0 }, database: false };

/** By file, relative to the root: what istanbul's reporter calls lines. */
async function linesByIstanbul(root: string, path: string): Promise<Record<string, Count>> {
  const told: Record<string, { lines: Count }> = JSON.parse(await readFile(join(root, path), "utf8"));
  return Object.fromEntries(
    Object.entries(told).map(
      ([
        file,
        {
          lines: { covered, total },
        },
      ]) => [file === "total" ? file : relative(root, file), { covered, total }],
    ),
  );
}

/** By file what a verification has found, with the total. */
async function linesByUs(root: string): Promise<Record<string, Count>> {
  const { coverage } = await readSummary(root);
  const files = (coverage?.files ?? []).map(({ file, covered, total }) => [file, { covered, total }] as const);
  return { total: coverage?.lines ?? { covered: 0, total: 0 }, ...Object.fromEntries(files) };
}

/** Branches and functions, too, are what istanbul's reporter calls so. */
async function expectSameTotals(root: string): Promise<void> {
  const told: { total: Record<"branches" | "functions", Count> } = JSON.parse(
    await readFile(join(root, "coverage/coverage-summary.json"), "utf8"),
  );
  const { coverage } = await readSummary(root);
  for (const metric of ["branches", "functions"] as const) {
    const { covered, total } = told.total[metric];
    expect({ metric, ...coverage?.[metric] }).toEqual({ metric, covered, total });
  }
}

async function runOwn(root: string, command: string): Promise<void> {
  const { exitCode, output } = await runShell(command, root, await userEnvironment());
  if (exitCode !== 0) throw new Error(`${command} exited with ${exitCode}:\n${output}`);
}

const pythonFiles: Files = {
  "src/shop/__init__.py": "",
  "src/shop/ledger.py": `import os


def balance(entries):
    """Adds up."""
    total = 0
    for kind, amount in entries:
        if kind == "credit":
            total += amount
        elif kind == "debit":
            total -= amount
        else:
            raise ValueError(
                "unknown kind: "
                f"{kind}"
            )
    return total if total > 0 else 0


class Account:
    limit = 10

    @property
    def name(self):
        return os.environ.get("NAME", "")

    def close(self): return None


def debug():  # pragma: no cover
    print("never")
`,
  "src/shop/unused.py": "def forgotten():\n    while True:\n        break\n",
  "tests/conftest.py": "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'src'))\n",
  "tests/test_sums.py": null,
  "src/sums.py": null,
  "tests/test_one.py":
    "from shop.ledger import Account, balance\n\n\ndef test_credit():\n    assert balance([('credit', 3)]) == 3\n    assert Account().name == ''\n",
  "tests/test_two.py":
    "from shop.ledger import balance\n\n\ndef test_debit():\n    assert balance([('debit', 3)]) == 0\n",
};

test.each([false, true])("pytest's figures are coverage.py's, to the line, with branch coverage %s", async (branch) => {
  const settings = `[run]\nbranch = ${branch}\nsource = src\n`;
  const files = Object.fromEntries(Object.entries(pythonFiles).filter(([, text]) => text !== null));
  const repository = await makePytestRepository({ ...files, ".coveragerc": settings }, closed);
  await repository.git("rm", "--quiet", "src/sums.py", "tests/test_sums.py");
  await repository.commit("Only the shop");
  const { root } = repository;
  await endsWith(0, runIn(root, []));

  const report = join(root, ".verify", "own.json");
  await runOwn(
    root,
    `COVERAGE_FILE=.verify/own.data pytest -q -p no:cacheprovider --cov --cov-report=json:${quote(report)}`,
  );
  type Own = { summary: { covered_lines: number; num_statements: number } };
  const own: { files: Record<string, Own>; totals: Own["summary"] & Record<string, number> } = JSON.parse(
    await readFile(report, "utf8"),
  );
  const countOf = ({ covered_lines, num_statements }: Own["summary"]): Count => ({
    covered: covered_lines,
    total: num_statements,
  });
  const byFile = Object.entries(own.files).map(([file, { summary }]) => [file, countOf(summary)] as const);
  expect(await linesByUs(root)).toEqual({ total: countOf(own.totals), ...Object.fromEntries(byFile) });

  const { coverage } = await readSummary(root);
  const [mixed] = coverage?.ownTotals ?? [];
  if (!branch) expect(mixed).toBeUndefined();
  else {
    expect(mixed?.tool).toBe("coverage.py");
    expect(((mixed?.covered ?? 0) / (mixed?.total ?? 1)) * 100).toBeCloseTo(
      own.totals.percent_covered ?? Number.NaN,
      10,
    );
    expect(await readFile(join(root, ".verify", "summary.md"), "utf8")).toContain("coverage.py itself reports");
  }
});

test("vitest's figures are its own, to the line", async () => {
  const { root } = await makeRepository({
    ".gitignore": "node_modules/\ncoverage/\n",
    "package.json": '{ "type": "module" }\n',
    "src/ledger.js": ledger("module"),
    "src/round.js": rounding("module"),
    "test/one.test.js": `import { test } from "vitest";\nimport { Account, describe } from "../src/ledger.js";\ntest("adds", () => {${uses}});\n`,
    "test/two.test.js": `import { test } from "vitest";\nimport { balance } from "../src/ledger.js";\ntest("takes", () => {${usesOther}});\n`,
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run", source: ["src"], workers: 2 }],
      ...closed,
    }),
  });
  await linkNodeModules(root);
  await endsWith(0, runIn(root, []));
  await runOwn(root, "vitest run --coverage.enabled --coverage.include='src/**' --coverage.reporter=json-summary");
  expect(await linesByUs(root)).toEqual(await linesByIstanbul(root, "coverage/coverage-summary.json"));
  await expectSameTotals(root);
});

test("jest's figures are its own, to the line", async () => {
  const { root } = await makeJestRepository(
    {
      "jest.config.js": null,
      "src/sums.js": ledger("commonjs"),
      "src/round.js": rounding("commonjs"),
      "test/one.test.js": `const { Account, describe: say } = require("../src/sums.js");\ntest("adds", () => {${uses.replace("describe", "say")}});\n`,
      "test/two.test.js": `const { balance } = require("../src/sums.js");\ntest("takes", () => {${usesOther}});\n`,
    },
    { workers: 2 },
    closed,
  );
  await endsWith(0, runIn(root, []));
  await runOwn(root, "jest --coverage --collectCoverageFrom='src/**' --coverageReporters=json-summary");
  expect(await linesByUs(root)).toEqual(await linesByIstanbul(root, "coverage/coverage-summary.json"));
  await expectSameTotals(root);
});

test.each([
  ["mocha", "mocha", "it"],
  ["node", "node --test", "test"],
] as const)("%s' figures are c8's, to the line", async (runner, command, testing) => {
  const begin = runner === "node" ? 'const { test } = require("node:test");\n' : "";
  const { root } = await makeRepository({
    ".gitignore": "node_modules/\ncoverage/\n",
    "src/ledger.js": ledger("commonjs"),
    "src/round.js": rounding("commonjs"),
    "test/one.js": `${begin}const { Account, describe } = require("../src/ledger.js");\n${testing}("adds", () => {${uses}});\n`,
    "test/two.js": `${begin}const { balance } = require("../src/ledger.js");\n${testing}("takes", () => {${usesOther}});\n`,
    "verify.config.json": configFile({
      suites: [{ name: "web", runner, command, source: ["src"], workers: 2 }],
      ...closed,
    }),
  });
  await linkPackages(root, ["mocha"], { mocha: "mocha/bin/mocha.js" });
  await endsWith(0, runIn(root, []));
  const c8 = `node ${quote(join(packageRoot, "node_modules/c8/bin/c8.js"))}`;
  await runOwn(root, `${c8} --all --src=src --include='src/**' --reporter=json-summary ${command}`);
  expect(await linesByUs(root)).toEqual(await linesByIstanbul(root, "coverage/coverage-summary.json"));
  await expectSameTotals(root);
});
