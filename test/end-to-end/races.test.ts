import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Failure } from "../../src/model/summary.ts";
import { makeJestRepository } from "../support/jest-suite.ts";
import { makeNodeRepository, nodeHeader, passingNodeTest } from "../support/node-suite.ts";
import { type AtEnd, type Files, makeDirectory } from "../support/repository.ts";
import { sharedRun } from "../support/shared-run.ts";
import { endsWith, makeParallelPytestRepository, readSummary, runIn } from "../support/verify.ts";

const database = { name: "races_test" };

const conftest = `import os, sys, pathlib, psycopg2, pytest
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))
begun = pathlib.Path("BEGUN")

@pytest.fixture
def ask():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    cursor = connection.cursor()
    yield cursor.execute
    connection.close()
`;

/** A suite in which the second file fails wherever the first has left its table; a third keeps another worker busy until then. */
const polluted: Files = {
  "tests/test_1_leaves.py": "def test_leaves(ask):\n    ask('CREATE TABLE left_behind (amount integer)')\n",
  "tests/test_2_meets.py":
    "from conftest import begun\n\n\ndef test_first():\n    begun.touch()\n\n\ndef test_meets(ask):\n    ask('CREATE TABLE left_behind (amount integer)')\n",
  "tests/test_3_waits.py":
    "import time\nfrom conftest import begun\n\n\ndef test_waits():\n    for _ in range(3000):\n        if begun.exists():\n            break\n        time.sleep(0.01)\n",
};

/** A repository with that suite, and more files; what its tests wait for lies beside the checkout, which must not change. */
async function makePolluted(config: object, { more = {}, atEnd }: { more?: Files; atEnd?: AtEnd } = {}) {
  const begun = join(await makeDirectory(atEnd), "begun");
  const padding = (count: number): string => "# padding\n".repeat(count);
  const files = {
    ...polluted,
    "tests/conftest.py": conftest.replace("BEGUN", begun),
    "tests/test_3_waits.py": `${polluted["tests/test_3_waits.py"]}${padding(90)}`,
    "tests/test_1_leaves.py": `${polluted["tests/test_1_leaves.py"]}${padding(60)}`,
    ...more,
  };
  return await makeParallelPytestRepository(files, config, atEnd);
}

/** The words of the command that a race names. */
function repeatOf(failure: Failure | undefined): string[] {
  return failure?.race?.repeat?.replace("npx verify ", "").split(" ") ?? [];
}

/** A race that several tests read and repeat. */
const raced = sharedRun((atEnd) => makePolluted({ database }, { atEnd }));

test("a test that fails only after another on the same database is a race, with what led there", async () => {
  const { code, output, summary } = await raced();
  expect(code).toBe(1);
  const [suite] = summary.suites;
  expect(suite?.tests).toMatchObject({ failed: 1, races: 1 });
  expect(suite?.failures).toMatchObject([{ file: "tests/test_2_meets.py", name: "test_meets", kind: "race" }]);
  expect(suite?.failures[0]?.race?.filesBefore).toContain("tests/test_1_leaves.py");
  expect(output).toContain("failed in backend, flaky: it passes alone.");
  expect(output).toContain("npx verify repeat .verify/orders/1-gw");
});

test("the order that led to a race fails again by the command that is printed, and is not run alone again", async () => {
  const { repository, summary } = await raced();
  const { root } = repository;
  const [failure] = summary.suites[0]?.failures ?? [];
  const before = await readFile(join(root, ".verify/summary.json"), "utf8");
  const logs = await readdir(join(root, ".verify/logs"));
  const { code, output } = await runIn(root, repeatOf(failure));
  expect(output).toContain("the same one failed again: tests/test_2_meets.py › test_meets");
  expect(output).toContain('relation "left_behind" already exists');
  expect(code).toBe(1);
  expect(await readFile(join(root, ".verify/summary.json"), "utf8")).toBe(before);
  expect(await readdir(join(root, ".verify/logs"))).toEqual(logs);
});

test("an order is repeated at the commit that it was found in, from any directory", async () => {
  const { repository, summary } = await raced();
  const [failure] = summary.suites[0]?.failures ?? [];
  await repository.write({ "tests/test_1_leaves.py": "def test_leaves():\n    pass\n" });
  await repository.commit("Leave nothing behind");
  const { code, output } = await runIn(join(repository.root, "tests"), repeatOf(failure));
  expect(output).toContain("the same one failed again: tests/test_2_meets.py › test_meets");
  expect(code).toBe(1);
});

test("an order of a working tree whose tests have gone meanwhile proves nothing, and exits 3", async () => {
  const repository = await makePolluted({ database });
  const { root } = repository;
  await runIn(root, ["--working-tree"]);
  const [failure] = (await readSummary(root)).suites[0]?.failures ?? [];
  await repository.write({ "tests/test_2_meets.py": "def test_first():\n    pass\n" });
  const { code, output } = await runIn(root, repeatOf(failure));
  expect(output).toContain("in that order, could not be judged. Only 2 of them ran");
  expect(code).toBe(3);
});

test("a runner that keeps no order runs the files one by one, on one database", async () => {
  const begun = JSON.stringify(join(await makeDirectory(), "begun"));
  const leaves = (name: string): string =>
    `const { Client } = require("pg");
test("${name}", async () => {
  if ("${name}" === "meets") require("node:fs").writeFileSync(${begun}, "");
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query("CREATE TABLE left_behind (amount integer)").finally(() => client.end());
});
`;
  const padding = (count: number): string => "// padding\n".repeat(count);
  const { root } = await makeJestRepository(
    {
      "test/a.test.js": `${leaves("leaves")}${padding(90)}`,
      "test/b.test.js": leaves("meets"),
      "test/c.test.js": `const { existsSync } = require("node:fs");
test("waits", async () => {
  while (!existsSync(${begun})) await new Promise((go) => setTimeout(go, 10));
}, 30_000);
${padding(150)}`,
    },
    { workers: 2 },
    { database },
  );
  await runIn(root, []);
  const [failure] = (await readSummary(root)).suites[0]?.failures ?? [];
  expect(failure).toMatchObject({ file: "test/b.test.js", kind: "race", race: { filesBefore: ["test/a.test.js"] } });
  const { code, output } = await runIn(root, repeatOf(failure));
  expect(output).toContain("the same one failed again: test/b.test.js › meets");
  expect(code).toBe(1);
});

test("Ctrl-C while failed tests run alone interrupts it all", async () => {
  const sign = join(await makeDirectory(), "again");
  const test = `import os, pathlib, time\n\n\ndef test_wrong():
    pathlib.Path("${sign}" + str("PYTEST_XDIST_WORKER" not in os.environ)).touch()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        time.sleep(600)
    assert False\n`;
  const { root } = await makeParallelPytestRepository({ "tests/test_wrong.py": test });
  const { code } = await runIn(root, [], {
    onStart: (interrupt) => void vi.waitFor(() => access(`${sign}True`), 60_000).then(interrupt),
  });
  expect(code).toBe(130);
  expect((await readSummary(root)).verdict).toBe("interrupted");
});

test("a race between workers, outside of the database, is told, and its order alone does not bring it back", async () => {
  const racing =
    "import os, time\n\n\ndef test_alone():\n    os.mkdir('only-one')\n    time.sleep(1)\n    os.rmdir('only-one')\n";
  const { root } = await makeParallelPytestRepository({ "tests/test_a.py": racing, "tests/test_b.py": racing });
  const { code } = await runIn(root, []);
  expect(code).toBe(1);
  const [failure] = (await readSummary(root)).suites[0]?.failures ?? [];
  expect(failure).toMatchObject({ name: "test_alone", kind: "race" });
  const again = await runIn(root, repeatOf(failure));
  expect(again.output).toContain("The order alone does not bring the failure back");
  expect(again.code).toBe(0);
});

const wrongNodeTest = (name: string): string =>
  `test("${name}", () => assert.equal(add(1, 2), 4, "AssertionError: no"));\n`;

test("a plain bug fails alone too, and is a failure", async () => {
  const wrong = { "test/a.test.js": `${nodeHeader}${wrongNodeTest("wrong")}`, "test/b.test.js": passingNodeTest };
  const { root } = await makeNodeRepository(wrong);
  const { output } = await runIn(root, []);
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "wrong", kind: "failure" }]);
  expect(output).toContain("1 of 2 tests failed in web.");
});

test("a race that the configuration lets through does not stop the verdict, and marks it", async () => {
  const { root } = await makePolluted({ database, races: "warn", coverage: { lines: 50 } });
  const { code, output } = await runIn(root, []);
  expect(output).toContain("Verified, 1 flaky test let through");
  expect(code).toBe(0);
  expect((await readSummary(root)).receipt).not.toBeNull();
  expect(await readFile(join(root, ".verify/pull-request.md"), "utf8")).toContain("Verified, 1 flaky test let through");
});

test("a bug beside a race that is let through is not verified", async () => {
  const more = { "tests/test_4_wrong.py": "def test_wrong():\n    assert 1 == 2\n" };
  const { root } = await makePolluted({ database, races: "warn" }, { more });
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).reasons.join()).toContain("1 of 6 tests failed in backend.");
});

test("where most tests fail, none is run alone, as they say", async () => {
  const wrong = Array.from({ length: 12 }, (_, index) => wrongNodeTest(`number ${index}`)).join("");
  const { root } = await makeNodeRepository({
    "test/a.test.js": nodeHeader + wrong,
    "test/b.test.js": passingNodeTest,
  });
  await runIn(root, []);
  const { suites, notes } = await readSummary(root);
  expect(suites[0]?.failures.map(({ kind }) => kind)).toEqual(Array(12).fill("failure"));
  expect(notes).toContain("12 of 13 tests failed, so none of them was run again alone.");
});

test("a serial run has no races: nothing is run again", async () => {
  const { root } = await makeNodeRepository({ "test/a.test.js": `${nodeHeader}${wrongNodeTest("wrong")}` });
  await runIn(root, ["--serial"]);
  const { suites, notes } = await readSummary(root);
  expect([suites[0]?.failures[0]?.kind, notes]).toEqual(["failure", []]);
});

test("a file that holds no order is refused", async () => {
  const { root } = await makeParallelPytestRepository();
  const { code, errors } = await runIn(root, ["repeat", "verify.config.json"]);
  expect(code).toBe(2);
  expect(errors).toContain("verify.config.json holds no order of tests");
});
