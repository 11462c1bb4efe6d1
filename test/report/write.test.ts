import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SourceCoverage } from "../../src/coverage/lcov/source-coverage.ts";
import type { Summary } from "../../src/model/summary.ts";
import { prepareReports } from "../../src/project/reports-directory.ts";
import { summaryMarkdown } from "../../src/report/markdown/summary.ts";
import { reportPage } from "../../src/report/page/page.ts";
import { pullRequestBody } from "../../src/report/pull-request/body.ts";
import { nothing, type RunData, writeReports } from "../../src/report/write.ts";
import { RequestError, UnavailableError } from "../../src/shared/errors.ts";
import { makeDirectory, makeRepository, writeFiles } from "../support/repository.ts";
import { sampleRecord } from "./page-sample.ts";
import { failedSummary, sampleSummary } from "./sample.ts";

function coverageIn(root: string): RunData {
  const source = new SourceCoverage();
  source.lines.add(1, 1);
  return { coverage: { coverage: new Map([[join(root, "src/a.py"), source]]), root }, record: null };
}

test("everything is written, and nothing beside it", async () => {
  const root = await makeDirectory();
  const summary = sampleSummary();
  await writeReports(root, summary, coverageIn(root));
  const read = (name: string): Promise<string> => readFile(join(root, ".verify", name), "utf8");
  const names = await readdir(join(root, ".verify"));
  expect(names.sort()).toEqual([
    ".gitignore",
    "README.md",
    "coverage.lcov",
    "pull-request.md",
    "report.html",
    "summary.json",
    "summary.md",
  ]);
  expect(JSON.parse(await read("summary.json"))).toEqual(summary);
  expect(await read("summary.md")).toBe(summaryMarkdown(summary));
  expect(await read("pull-request.md")).toBe(pullRequestBody(summary));
  expect(await read("report.html")).toBe(reportPage(summary, null));
  expect(await read("coverage.lcov")).toBe("TN:\nSF:src/a.py\nDA:1,1\nLF:1\nLH:1\nend_of_record\n");
});

test("the page shows the tests of the run, where they are known", async () => {
  const root = await makeDirectory();
  await writeReports(root, sampleSummary(), { ...nothing, record: sampleRecord() });
  expect(await readFile(join(root, ".verify/report.html"), "utf8")).toBe(reportPage(sampleSummary(), sampleRecord()));
});

test("the names in coverage.lcov are relative to the worktree that was verified", async () => {
  const root = await makeDirectory();
  await writeReports(root, sampleSummary(), coverageIn(await makeDirectory()));
  expect(await readFile(join(root, ".verify/coverage.lcov"), "utf8")).toContain("\nSF:src/a.py\n");
});

test("before a run the directory for logs is made, ignored by git, and what lies in it stays", async () => {
  const repository = await makeRepository({ "a.txt": "" });
  const logs = await prepareReports(repository.root);
  expect(logs).toEqual({ directory: join(repository.root, ".verify/logs"), name: ".verify/logs" });
  await writeFiles(logs.directory, { "backend.log": "output" });
  await prepareReports(repository.root);
  expect(await readdir(logs.directory)).toEqual(["backend.log"]);
  expect(await repository.git("status", "--porcelain")).toBe("");
});

test("git sees nothing of it", async () => {
  const repository = await makeRepository({ "a.txt": "" });
  await writeReports(repository.root, sampleSummary(), nothing);
  expect(await repository.git("status", "--porcelain")).toBe("");
});

test("summary.json has the contract's keys first and in its order, however the summary was put together", async () => {
  const root = await makeDirectory();
  const { schema, verdict, ...rest } = failedSummary();
  await writeReports(root, { ...rest, verdict, schema }, nothing);
  const written = JSON.parse(await readFile(join(root, ".verify/summary.json"), "utf8"));
  expect(Object.keys(written).join(" ")).toBe(
    "schema verdict commit tree branch seconds reasons suites coverage checks receipt " +
      "startedAt notes verifiedIn changes incomplete environment server version repeat",
  );
  expect(Object.keys(written.suites[0]).join(" ")).toBe(
    "name runner command workers seconds workSeconds files tests databases failures isolation rejections log",
  );
  expect(Object.keys(written.suites[0].failures[0]).join(" ")).toBe("file name message worker kind");
  expect(Object.keys(written.coverage).join(" ")).toBe("lines threshold passed files");
  expect(Object.keys(written.checks[0]).join(" ")).toBe("name passed seconds command log");
});

test("a second run replaces the reports, takes away coverage it does not have, and leaves the logs", async () => {
  const root = await makeDirectory();
  await writeReports(root, sampleSummary(), coverageIn(root));
  await writeFiles(root, { ".verify/logs/backend.log": "output" });
  await writeReports(root, failedSummary(), nothing);
  expect((await readdir(join(root, ".verify"))).sort()).toEqual([
    ".gitignore",
    "README.md",
    "logs",
    "pull-request.md",
    "report.html",
    "summary.json",
    "summary.md",
  ]);
  expect(await readFile(join(root, ".verify/logs/backend.log"), "utf8")).toBe("output");
  expect(await readFile(join(root, ".verify/summary.md"), "utf8")).toContain("Not verified");
});

test("a receipt that is used again leaves the coverage of the run it stands for, however often", async () => {
  const root = await makeDirectory();
  const summary = sampleSummary();
  await writeReports(root, summary, coverageIn(root));
  const reused = sampleSummary({ receipt: { tree: summary.tree, reused: true } });
  for (let push = 1; push <= 2; push += 1) await writeReports(root, reused, nothing);
  expect(await readdir(join(root, ".verify"))).toContain("coverage.lcov");
});

test.each<[string, Partial<Summary>]>([
  ["of another tree", { receipt: { tree: "f".repeat(40), reused: false } }],
  ["that proved nothing", { receipt: null }],
])("the coverage of a run %s goes when a receipt is used again", async (_which, last) => {
  const root = await makeDirectory();
  await writeReports(root, sampleSummary(last), coverageIn(root));
  await writeReports(root, sampleSummary({ receipt: { tree: sampleSummary().tree, reused: true } }), nothing);
  expect(await readdir(join(root, ".verify"))).not.toContain("coverage.lcov");
});

test("coverage beside a summary that cannot be read goes when a receipt is used again", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { ".verify/coverage.lcov": "", ".verify/summary.json": "{" });
  await writeReports(root, sampleSummary({ receipt: { tree: sampleSummary().tree, reused: true } }), nothing);
  expect(await readdir(join(root, ".verify"))).not.toContain("coverage.lcov");
});

test("a reader finds whole files while they are written again and again", async () => {
  const root = await makeDirectory();
  await writeReports(root, sampleSummary(), nothing);
  const writing = Promise.all(Array.from({ length: 20 }, () => writeReports(root, sampleSummary(), nothing)));
  for (let reading = 0; reading < 100; reading += 1) {
    const text = await readFile(join(root, ".verify/summary.json"), "utf8");
    expect(JSON.parse(text).schema).toBe(1);
  }
  await writing;
});

describe("a .verify that is not ours", () => {
  test("is left alone where it is a file", async () => {
    const root = await makeDirectory();
    await writeFiles(root, { ".verify": "mine" });
    await expect(writeReports(root, sampleSummary(), nothing)).rejects.toThrow(RequestError);
    await expect(prepareReports(root)).rejects.toThrow(RequestError);
    expect(await readFile(join(root, ".verify"), "utf8")).toBe("mine");
  });

  test("is left alone where it is a link to elsewhere", async () => {
    const root = await makeDirectory();
    await mkdir(join(root, "elsewhere"));
    await symlink(join(root, "elsewhere"), join(root, ".verify"));
    await expect(writeReports(root, sampleSummary(), nothing)).rejects.toThrow(/symbolic link.*move it out of the way/);
    expect(await readdir(join(root, "elsewhere"))).toEqual([]);
  });
});

test("a report that cannot take its place is an error with the directory's name, and leaves nothing half done", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { ".verify/summary.md/in-the-way": "" });
  await expect(writeReports(root, sampleSummary(), nothing)).rejects.toThrow(UnavailableError);
  expect((await readdir(join(root, ".verify"))).filter((name) => name.endsWith("tmp"))).toEqual([]);
});
