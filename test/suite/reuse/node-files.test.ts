import { chmod, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { begin, check } from "../../support/incremental/differential.ts";
import { appearingForNode, nastyNodeFiles } from "../../support/incremental/nasty-node.ts";
import { nastyTsxFiles } from "../../support/incremental/nasty-tsx.ts";
import { makeNodeRepository, nodeHeader, passingNodeTest as passing } from "../../support/node-suite.ts";
import { makeDirectory, makeRepository, writeFiles } from "../../support/repository.ts";
import { endsWith, readSummary, runIn, userEnvironment } from "../../support/verify.ts";
import { linkNodeModules } from "../../support/vitest-ledger.ts";

test("of node:test, only the files run that load what changed or would load what is new", {
  timeout: 180_000,
}, async () => {
  const only = ["add", "half", "listed", "optional", "second"];
  const [incremental, full, environment] = await Promise.all([
    makeRepository(nastyNodeFiles({ only })),
    makeRepository(nastyNodeFiles({ only })),
    userEnvironment(),
  ]);
  const pair = { incremental, full, environment, workers: 1, random: () => 0.5 };
  await begin(pair);
  const files = {
    "src/parts/second.js": "export function work(value) {\n  return value * 3;\n}\n",
    "src/plugin.cjs": appearingForNode["src/plugin.cjs"] ?? null,
    "assets/list/b.txt": "b\n",
  };
  const { difference, incremental: summary } = await check(pair, { what: "edits", files });
  expect(difference).toBeNull();
  expect(summary.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
    "test/listed.test.js",
    "test/optional.test.js",
    "test/second.test.js",
  ]);
  expect(summary.suites[0]?.reuse?.ran).toBeLessThan(summary.suites[0]?.files ?? 0);
});

test("of TypeScript that tsx compiles for node:test, only the files run that load what changed", {
  timeout: 180_000,
}, async () => {
  const make = () => makeRepository(nastyTsxFiles({ only: ["barrel", "settings", "half"] }));
  const [incremental, full, environment] = await Promise.all([make(), make(), userEnvironment()]);
  await Promise.all([incremental, full].map(({ root }) => linkNodeModules(root)));
  const pair = { incremental, full, environment, workers: 1, random: () => 0.5 };
  await begin(pair);
  // Of what nobody loads, types matter to none.
  const types = "export interface Shape {\n  sides: number | bigint;\n  area(): number;\n}\n";
  const files = { "src/data.json": '{ "level": 2 }\n', "src/types.ts": types };
  const { difference, incremental: summary } = await check(pair, { what: "data", files });
  expect(difference).toBeNull();
  expect(summary.suites[0]?.failures.map(({ file }) => file)).toEqual(["test/settings.test.ts"]);
  expect(summary.suites[0]?.reuse?.reused).toBe(1);
});

test("what runs in a worktree of its own reuses what ran in an earlier one", async () => {
  const repository = await makeNodeRepository(
    { "test/a.test.js": passing, "test/b.test.js": passing, "test/c.test.js": passing },
    { workers: 1 },
    { incremental: true, base: "trunk" },
  );
  // Each worktree has the checkout's programs anew, and the checkout is not as committed.
  await repository.write({ "node_modules/.bin/tool": "#!/bin/sh\n", "new.txt": "new\n" });
  await endsWith(0, runIn(repository.root, [], { random: () => 0.5 }));
  await repository.write({ "test/a.test.js": `${passing}// More\n`, "new.txt": null });
  await repository.commit("More");
  await repository.write({ "new.txt": "new\n" });
  const { output } = await endsWith(0, runIn(repository.root, [], { random: () => 0.5 }));
  expect(output).toContain("in a worktree of its own");
  expect((await readSummary(repository.root)).suites[0]?.reuse).toMatchObject({ ran: 2, reused: 1 });
});

/** A git that reads no earlier source before the check has run, or two seconds have passed. */
const waitingGit = `#!/bin/sh
case "$*" in
*"cat-file blob"*)
  for _ in $(seq 40); do
    [ ! -e "$SIGNS/checked" ] || break
    sleep 0.05
  done
  ;;
esac
PATH=\${PATH#*:} exec git "$@"
`;

test("a check that rewrites what a test reads does not change which files run, however long that takes to decide", async () => {
  const signs = await makeDirectory();
  await writeFiles(signs, { "bin/git": waitingGit });
  await chmod(join(signs, "bin", "git"), 0o755);
  const user = await userEnvironment();
  const environment = { ...user, SIGNS: signs, PATH: [join(signs, "bin"), user.PATH].join(delimiter) };
  const reading = `${nodeHeader}test("reads", () => assert.ok(require("node:fs").readFileSync("lines.ready", "utf8")));\n`;
  const repository = await makeNodeRepository(
    {
      "src/half.js": "exports.half = (value) => value / 2;\n",
      "test/half.test.js": `${passing}test("halves", () => assert.equal(require("../src/half.js").half(4), 2));\n`,
      "test/other.test.js": passing,
      "test/reading.test.js": reading,
    },
    { workers: 1 },
    { incremental: true, base: "trunk", checks: { lines: 'echo line >>lines.ready && touch "$SIGNS/checked"' } },
  );
  const verify = () => endsWith(0, runIn(repository.root, [], { environment, random: () => 0.5 }));
  await verify();
  await rm(join(signs, "checked"));
  await repository.write({ "src/half.js": "exports.half = (value) => value * 0.5;\n" });
  await repository.commit("Halve by another way");
  await verify();
  // What was recorded holds for the files as they were before the check.
  const reuse = (await readSummary(repository.root)).suites[0]?.reuse;
  expect(reuse).toMatchObject({ ran: 2, reused: 1, audited: 1 });
  expect(reuse?.reachedFrom.map(({ file }) => file)).toEqual(["src/half.js"]);
});
