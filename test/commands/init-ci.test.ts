import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { completePackage, type Prepared, prepare, pytestFiles } from "../init/prepared.ts";
import type { Files } from "../support/repository.ts";

const workflow = ".github/workflows/verify.yml";
const pipeline = ".gitlab-ci.yml";
const complete: Files = { ...pytestFiles, "package.json": completePackage };
const read = async (repository: Prepared, path: string): Promise<string> =>
  await readFile(join(repository.root, path), "utf8");

test("verify init --ci github writes the workflow beside all else, and names it among what is to be committed", async () => {
  const repository = await prepare(complete);
  const { exitCode, output } = await repository.init({ ci: "github" });
  expect(exitCode).toBe(0);
  expect(output).toContain(
    `✔ ${workflow} written: it asks for a receipt first, and runs the suites where none stands\n`,
  );
  expect(output).toMatch(new RegExp(`Next: commit .*${workflow}`));
  expect(await read(repository, workflow)).toContain('pushproof@0.1.0 check -C "$GITHUB_WORKSPACE" || true\n');
  const before = await read(repository, workflow);
  expect((await repository.init({ ci: "github" })).output).toContain(`· ${workflow} asks for a receipt already\n`);
  expect(await read(repository, workflow)).toBe(before);
});

test("without --ci no workflow is written", async () => {
  const repository = await prepare(complete);
  await repository.init();
  await expect(read(repository, workflow)).rejects.toThrow("ENOENT");
});

test("a workflow that is there is left as it is, with what to add", async () => {
  const repository = await prepare({ ...complete, [workflow]: "on: push\n" });
  const { output } = await repository.init({ ci: "github" });
  expect(await read(repository, workflow)).toBe("on: push\n");
  expect(output).toContain(`! ${workflow} exists and is left as it is`);
  expect(output).toContain("`if: steps.receipt.outputs.verified != 'true'`");
});

test("verify init --ci gitlab writes the pipeline where there is none", async () => {
  const repository = await prepare(complete);
  await repository.init({ ci: "gitlab" });
  expect(await read(repository, pipeline)).toContain('pushproof@0.1.0 check -C "$CI_PROJECT_DIR"); then exit 0; fi\n');
});

test("beside a pipeline that is there, the job goes into a file to include", async () => {
  const written = "test:\n  script: [pytest]\n";
  const repository = await prepare({ ...complete, [pipeline]: written });
  const { output } = await repository.init({ ci: "gitlab" });
  expect(await read(repository, pipeline)).toBe(written);
  expect(await read(repository, ".gitlab/verify.yml")).toContain("pushproof@0.1.0 check");
  expect(output).toContain(
    `! ${pipeline} exists and is left as it is: add to ${pipeline}: \`include: [{ local: /.gitlab/verify.yml }]\`\n`,
  );
  expect((await repository.init({ ci: "gitlab" })).output).toContain("does not include it");
});

test("the job takes a stage that the pipeline has", async () => {
  const repository = await prepare({
    ...complete,
    [pipeline]: "stages: [build, checks]\na:\n  stage: build\n  script: [make]\n",
  });
  await repository.init({ ci: "gitlab" });
  expect(await read(repository, ".gitlab/verify.yml")).toContain('verify:\n  stage: "checks"\n');
});

test("a Postgres runs beside it where VERIFY_DATABASE_URL names a server", async () => {
  const repository = await prepare(complete);
  await repository.init({ ci: "github", environment: { VERIFY_DATABASE_URL: "postgresql://me@127.0.0.1/x" } });
  expect(await read(repository, workflow)).toContain("        image: postgres:17\n");
});
