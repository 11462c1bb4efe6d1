import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Environment } from "../../src/shared/world.ts";
import type { Repository } from "../support/repository.ts";
import { makeParallelPytestRepository, type Outcome, readSummary, runIn, userEnvironment } from "../support/verify.ts";

const password = 's3cretive word/"quoted"\\é';
const encoded = encodeURIComponent(password);
const url = `postgresql://ada:${encoded}@127.0.0.1:1/app`;

const withServer = async (): Promise<Environment> => ({ ...(await userEnvironment()), VERIFY_DATABASE_URL: url });

/** A Python literal of the password, which holds it in no spelling that would be found by itself. */
const pythonPassword = `bytes.fromhex('${Buffer.from(password).toString("hex")}').decode()`;

test("a password in a test's name is in no report, log or output", async () => {
  const repository = await makeParallelPytestRepository({
    "tests/test_more.py": [
      "import json, pytest, urllib.parse",
      `password = ${pythonPassword}`,
      "spelled = [password, urllib.parse.quote(password), urllib.parse.quote_plus(password), json.dumps(password)]",
      "@pytest.mark.parametrize('given', spelled, ids=[text.replace('\"', '%22') for text in spelled])",
      "def test_wrong(given):",
      "    print(given)",
      "    assert not len(given)",
    ].join("\n"),
  });
  const outcome = await runIn(repository.root, [], { environment: await withServer() });
  expect(outcome.code).toBe(1);
  const names = (await readSummary(repository.root)).suites[0]?.failures.map(({ name }) => name) ?? [];
  expect(names).toHaveLength(4);
  for (const name of names) expect(name).toMatch(/\[.*\*\*\*.*\]$/);
  await expectNoPassword(repository, outcome);
});

test("a password that a check prints is not in its log, even where no database is used", async () => {
  const repository = await makeParallelPytestRepository(
    {},
    { checks: { show: `python3 -c "print('password:', ${pythonPassword})"; echo ${url}; env` } },
  );
  const outcome = await runIn(repository.root, [], { environment: await withServer() });
  const log = await readFile(join(repository.root, ".verify/logs/check-show.log"), "utf8");
  expect(log).toContain("password: ***\npostgresql://ada:***@127.0.0.1:1/app\n");
  expect(log).not.toContain("VERIFY_DATABASE_URL");
  await expectNoPassword(repository, outcome);
});

/** That the password can be found in no file that the run has written, and in nothing that it has shown. */
async function expectNoPassword({ root }: Repository, { output, errors }: Outcome): Promise<void> {
  const directory = join(root, ".verify");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const written = (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
  for (const part of ["s3cretive", "word/", "quoted"]) expect(written + output + errors).not.toContain(part);
}
