import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { tinyFiles, tinySuite } from "../support/tiny-suite.ts";
import {
  configFile,
  makeParallelPytestRepository,
  type Outcome,
  readSummary,
  runIn,
  userEnvironment,
} from "../support/verify.ts";

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
  const checks = { show: `python3 -c "print('password:', ${pythonPassword})"; echo ${url}; env` };
  const repository = await makeRepository(tinyFiles({ checks }));
  const outcome = await runIn(repository.root, [], { environment: await withServer() });
  const log = await readFile(join(repository.root, ".verify/logs/check-show.log"), "utf8");
  expect(log).toContain("password: ***\npostgresql://ada:***@127.0.0.1:1/app\n");
  expect(log).not.toContain("VERIFY_DATABASE_URL");
  await expectNoPassword(repository, outcome);
});

test("the embedded server listens on loopback alone, its sockets are private, and no process list shows a password", async () => {
  const suite = `const fs = require("node:fs");
const { Client } = require(${JSON.stringify(createRequire(join(packageRoot, "package.json")).resolve("pg"))});
(async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const show = async (name) => (await client.query("SHOW " + name)).rows[0][name];
  const sockets = await show("unix_socket_directories");
  const { mode } = fs.statSync(sockets);
  // As any user sees them: the words of all processes, and what is listened on for TCP, state 0A.
  const pids = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name));
  const words = pids.map((pid) => { try { return fs.readFileSync("/proc/" + pid + "/cmdline", "utf8"); } catch { return ""; } });
  const port = Number(process.env.PGPORT).toString(16).toUpperCase().padStart(4, "0");
  const tcp = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\\n") : []);
  const places = tcp.map((row) => row.trim().split(/\\s+/)).filter((row) => row[1]?.endsWith(":" + port) && row[3] === "0A").map((row) => row[1]);
  fs.writeFileSync(process.env.TOLD, JSON.stringify({
    addresses: await show("listen_addresses"), mode: (mode & 0o777).toString(8), places,
    shown: words.filter((line) => line.includes(process.env.PGPASSWORD)).length, length: process.env.PGPASSWORD.length,
  }));
  await client.end();
  fs.mkdirSync("out", { recursive: true });
  fs.writeFileSync("out/report.xml", '<testsuite><testcase name="t" file="suite.js" time="0.1"/></testsuite>');
  fs.writeFileSync("out/coverage.info", "SF:src/a.txt\\nDA:1,1\\nend_of_record\\n");
})();
`;
  const repository = await makeRepository({
    ".gitignore": "out\n",
    "src/a.txt": "a\n",
    "suite.js": suite,
    "verify.config.json": configFile({
      suites: [{ ...tinySuite, command: "node suite.js", database: true }],
      database: { name: "app_test" },
    }),
  });
  const told = join(await makeDirectory(), "told");
  const environment = { ...(await userEnvironment()), TOLD: told };
  expect(await runIn(repository.root, [], { environment })).toMatchObject({ code: 0 });
  const { length, places, ...rest } = JSON.parse(await readFile(told, "utf8"));
  expect(rest).toEqual({ addresses: "127.0.0.1", mode: "700", shown: 0 });
  expect(places).toEqual([expect.stringMatching(/^0100007F:/)]);
  expect(length).toBeGreaterThanOrEqual(16);
});

/** That the password can be found in no file that the run has written, and in nothing that it has shown. */
async function expectNoPassword({ root }: Repository, { output, errors }: Outcome): Promise<void> {
  const directory = join(root, ".verify");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const written = (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
  for (const part of ["s3cretive", "word/", "quoted"]) expect(written + output + errors).not.toContain(part);
}
