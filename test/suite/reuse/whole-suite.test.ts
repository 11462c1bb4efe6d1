import { existsSync } from "node:fs";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { suiteDirectory } from "../../../src/suite/reuse/record-store.ts";
import { makeDirectory } from "../../support/repository.ts";
import { makeTwoSuites } from "../../support/two-suites.ts";

test("a suite none of whose inputs changed does not run, and the figures are the whole's", async () => {
  const { repository, verify, summary, lcov } = await makeTwoSuites();
  expect((await verify()).ran).toEqual(["web", "ledger"]);
  const [full, fullLcov] = [await summary(), await lcov()];

  await repository.write({ "web/data": "better\n", "README.md": "# Text\n" });
  await repository.commit("Change the web application");
  const { ran, output } = await verify();
  expect(ran).toEqual(["web"]);
  const partial = await summary();
  expect(partial.verdict).toBe("verified");
  expect(partial.coverage?.lines).toEqual(full.coverage?.lines);
  expect(partial.coverage?.files).toEqual(full.coverage?.files);
  expect(partial.suites.map(({ name, tests, files }) => ({ name, tests, files }))).toEqual(
    full.suites.map(({ name, tests, files }) => ({ name, tests, files })),
  );
  expect(partial.suites.map(({ reuse }) => reuse?.reused ?? 0)).toEqual([0, 1]);
  expect(partial.suites[1]?.reuse?.runs).toEqual([{ commit: full.commit, tree: full.tree, at: full.startedAt }]);
  expect(await lcov()).toBe(fullLcov);
  expect(output).toContain("1 of 2 files; 1 reused from a run");
});

test("a test file of a suite of which nothing runs is reused from a run, too", async () => {
  const { verify } = await makeTwoSuites();
  await verify();
  const { output } = await verify(["why", "ledger/suite.sh"]);
  expect(output).toMatch(
    /^ledger\/suite\.sh is reused: nothing that it rests on changed; its results are those of the run/,
  );
});

test("what is recorded of an input comes back with it", async () => {
  const { repository, verify } = await makeTwoSuites();
  await verify();
  await repository.write({ "web/data": "better\n" });
  await repository.commit("Change");
  await verify();
  await repository.git("revert", "--no-edit", "HEAD");
  expect((await verify(["--fresh"])).ran).toEqual([]);
});

test.each([
  ["a new input", { "web/more/new.txt": "new\n" }, ["web"]],
  ["an input that is gone", { "web/source.txt": null, "web/other.txt": "a\n" }, ["web"]],
  ["a file beside", { "package-lock.json": "{}\n" }, ["web", "ledger"]],
  ["a text for people", { "NOTES.md": "text\n" }, []],
])("%s decides what runs", async (_, files, expected) => {
  const { repository, verify } = await makeTwoSuites();
  await verify();
  await repository.write(files);
  await repository.commit("Change");
  expect((await verify()).ran).toEqual(expected);
});

test("a declared variable, another configuration and --full run everything", async () => {
  const { repository, verify } = await makeTwoSuites({ environment: ["STRIPE_KEY"] });
  await verify();
  expect((await verify(["--fresh"])).ran).toEqual([]);
  expect((await verify(["--fresh"], { environment: { STRIPE_KEY: "one" } })).ran).toEqual(["web", "ledger"]);
  expect((await verify(["--fresh"])).ran).toEqual([]);
  expect((await verify(["--fresh", "--full"])).ran).toEqual(["web", "ledger"]);
  const config = join(repository.root, "verify.config.json");
  await writeFile(
    config,
    JSON.stringify({ ...(await import(config, { with: { type: "json" } })).default, timeout: "5m" }),
  );
  await repository.commit("Configure");
  expect((await verify()).ran).toEqual(["web", "ledger"]);
});

test("on the base branch everything runs, also where a receipt of an incremental run is there", async () => {
  const { repository, verify, summary } = await makeTwoSuites();
  await verify();
  await repository.write({ "web/data": "better\n" });
  await repository.commit("Change");
  expect((await verify()).ran).toEqual(["web"]);
  expect((await summary()).receipt).not.toBeNull();
  expect(await readdir(join(repository.root, ".git/verify/proven")).catch(() => [])).toHaveLength(1);
  await repository.git("switch", "--quiet", "main");
  await repository.git("merge", "--quiet", "--ff-only", "feature");
  const { ran, output } = await verify();
  expect(ran).toEqual(["web", "ledger"]);
  expect(output).toContain("Nothing of web was reused: main is the base branch.");
  // The complete run's receipt stands for both branches.
  await repository.git("switch", "--quiet", "feature");
  expect((await verify()).ran).toEqual([]);
});

test("after seven days everything runs", async () => {
  const { verify } = await makeTwoSuites();
  await verify();
  const inDays = (days: number) => (): Date => new Date(Date.now() + days * 86_400_000);
  expect((await verify(["--fresh"], { now: inDays(6.9) })).ran).toEqual([]);
  expect((await verify(["--fresh"], { now: inDays(7.1) })).ran).toEqual(["web", "ledger"]);
});

test.each(["bad", "skip"])("a suite with a test that is %s always runs", async (data) => {
  const { repository, verify } = await makeTwoSuites();
  await repository.write({ "ledger/data": `${data}\n` });
  await repository.commit("Change");
  await verify();
  expect((await verify(["--fresh"])).ran).toEqual(["ledger"]);
});

test("a difference to what was recorded makes everything run, voids the record, and is said", async () => {
  const { repository, verify } = await makeTwoSuites();
  await verify();
  // Both suites read it, and neither declares it.
  await repository.write({ "shared/data": "uncovered\n" });
  await repository.commit("Change what nobody declares");
  expect((await verify()).ran).toEqual([]);
  // Only the first suite is drawn.
  const drawn = [0.01, 0.9];
  const { ran, output } = await verify(["--fresh"], { random: () => drawn.shift() ?? 0.9 });
  expect(ran).toEqual(["web", "ledger"]);
  expect(output).toContain("What was recorded of web is wrong");
  expect(output).toContain("other lines of web/source.txt are covered now");
  expect((await verify(["--fresh"])).ran).toEqual([]);
});

test("a record that others could have written is as none", async () => {
  const { repository, verify } = await makeTwoSuites();
  await verify();
  const directory = suiteDirectory(join(repository.root, ".git"), "web");
  const [record = ""] = (await readdir(directory)).filter((name) => name.endsWith(".json.gz"));
  await chmod(join(directory, record), 0o666);
  expect((await verify(["--fresh"])).ran).toEqual(["web"]);
});

test("without incremental nothing is recorded", async () => {
  const { repository, verify } = await makeTwoSuites({}, { incremental: false });
  await verify();
  expect((await verify(["--fresh"])).ran).toEqual(["web", "ledger"]);
  expect(await readdir(join(repository.root, ".git/verify/reuse")).catch(() => null)).toBeNull();
});

test("an interrupted run records nothing, not even of a suite that had ended: nobody knew whether its files had stayed as they were", async () => {
  const { repository, verify } = await makeTwoSuites();
  const script = await readFile(join(repository.root, "ledger/suite.sh"), "utf8");
  await repository.write({
    "ledger/suite.sh": `${script.replace("\n", '\n[ -z "$BEGUN" ] || { touch "$BEGUN"; sleep 600; }\n')}`,
  });
  await repository.commit("Let the second suite wait where asked for");
  const begun = join(await makeDirectory(), "begun");
  const onStart = (interrupt: () => void): void => {
    void vi.waitUntil(() => existsSync(begun), { timeout: 50_000, interval: 20 }).then(interrupt);
  };
  const { code, ran } = await verify([], { environment: { BEGUN: begun }, onStart });
  expect([code, ran]).toEqual([130, ["web", "ledger"]]);
  expect((await verify()).ran).toEqual(["web", "ledger"]);
  expect((await verify(["--fresh"])).ran).toEqual([]);
});
