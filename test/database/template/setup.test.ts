import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { waitForEnd } from "../../../src/database/embedded/server/processes.ts";
import { InterruptedError, UnavailableError } from "../../../src/shared/errors.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { migration, pgModule } from "../migration.ts";
import { ask, environmentWith, failureOf, open, ownRunDirectories } from "../support.ts";

test("what database.setup makes is in every worker's database", async () => {
  const { directory, setup } = await migration("CREATE TABLE account (id int)", "INSERT INTO account VALUES (1), (2)");
  const provision = await open({ directory, settings: { setup } });
  for (const database of await provision.lease(["gw0", "gw1"])) {
    expect(await ask(database, "SELECT count(*)::int AS rows FROM account")).toEqual([{ rows: 2 }]);
    await ask(database, "DELETE FROM account");
  }
  const [again] = await provision.lease(["gw0"]);
  expect(await ask(again, "SELECT count(*)::int AS rows FROM account")).toEqual([{ rows: 2 }]);
});

test("the template has its own name, lets nobody in, and is built only once", async () => {
  const { directory, setup } = await migration("CREATE TABLE account (id int)");
  const provision = await open({ directory, settings: { setup: `echo >> built; ${setup}` } });
  const [database] = await provision.lease(["gw0"]);
  await provision.lease(["gw0"]);
  expect(
    await ask(database, "SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'ledger%' ORDER BY 1"),
  ).toEqual([
    { datname: "ledger_test_gw0", datallowconn: true },
    { datname: "ledger_test_verify_template", datallowconn: false },
  ]);
  expect(await readFile(join(directory, "built"), "utf8")).toBe("\n");
});

test("what database.setup sets on its database holds in the clones", async () => {
  const name = '"ledger_test_verify_template_building"';
  const { directory, setup } = await migration(
    `ALTER DATABASE ${name} SET search_path TO "$user", app, public`,
    `ALTER DATABASE ${name} SET timezone TO 'Asia/Kathmandu'`,
    `ALTER DATABASE ${name} SET app.tenant TO 'it''s'`,
  );
  const [database] = await (await open({ directory, settings: { setup } })).lease(["gw0"]);
  expect(
    await ask(
      database,
      "SELECT current_setting('search_path') AS path, current_setting('timezone') AS zone, current_setting('app.tenant') AS tenant",
    ),
  ).toEqual([{ path: '"$user", app, public', zone: "Asia/Kathmandu", tenant: "it's" }]);
});

test("database.setup runs in its directory, with the given environment and the variables of the template", async () => {
  const directory = await makeDirectory();
  const environment = environmentWith({ COLOR: "green", PGHOSTADDR: "192.0.2.1" });
  const setup = 'printf "%s " "$COLOR" "$PGDATABASE" "$VERIFY_WORKER" "$' + '{PGHOSTADDR-none}" > seen';
  await open({ directory, environment, settings: { setup } });
  expect(await readFile(join(directory, "seen"), "utf8")).toBe(
    "green ledger_test_verify_template_building template none ",
  );
});

test("a failing database.setup is told with its command, exit code and last lines, without the password", async () => {
  const directory = await makeDirectory();
  const failure = await failureOf(
    open({ directory, settings: { setup: 'echo first; echo "at $DATABASE_URL with $PGPASSWORD" >&2; exit 3' } }),
  );
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toContain("database.setup failed: `echo first; ");
  expect(failure.message).toContain(`in ${directory}, exit code 3. Last output:\nfirst\nat postgresql://template:***@`);
  expect(failure.message).toMatch(/with \*\*\*$/);
  expect(await ownRunDirectories()).toEqual([]);
});

test("with a server for each worker, database.setup finds the very name that its migrations may have written down", async () => {
  const { directory, setup } = await migration("CREATE TABLE account (id int)");
  const settings = { isolation: "server", setup: `test "$PGDATABASE" = ledger_test && ${setup}` };
  const [first] = await (await open({ directory, settings })).lease(["gw0"]);
  expect(await ask(first, "SELECT current_database() AS name, (SELECT count(*)::int FROM account) AS rows")).toEqual([
    { name: "ledger_test", rows: 0 },
  ]);
});

test.each(["psql", "pg_dump"])("a database.setup that lacks %s is told where that comes from", async (program) => {
  const setup = `PATH=/nowhere; ${program} --version`;
  expect((await failureOf(open({ settings: { setup } }))).message).toMatch(
    new RegExp(`\\n${program} is not installed here, and the embedded server does not include it: install .+\\.$`),
  );
});

test("a database.setup that fails without a word is told as such", async () => {
  expect((await failureOf(open({ settings: { setup: "kill -9 $$" } }))).message).toMatch(
    /ended by SIGKILL. It wrote nothing.$/,
  );
});

test("a database.setup whose directory is not there is told", async () => {
  expect((await failureOf(open({ directory: "/nowhere", settings: { setup: "true" } }))).message).toContain("ENOENT");
});

test("a database.setup over its time is ended and told", async () => {
  const failure = await failureOf(open({ timeoutSeconds: 0.2, settings: { setup: "echo waiting; sleep 600" } }));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toMatch(/took longer than 0.2 s \(timeout\)\. Last output:\nwaiting$/);
  expect(await ownRunDirectories()).toEqual([]);
});

test("what database.setup prints is in its log, without the password", async () => {
  const log = join(await makeDirectory(), "logs", "database-setup.log");
  await open({ log, settings: { setup: 'echo "built $PGDATABASE"; echo "$PGPASSWORD"' } });
  expect(await readFile(log, "utf8")).toBe("built ledger_test_verify_template_building\n***\n");
});

test("a connection that database.setup leaves open is named", async () => {
  const { directory } = await migration();
  await writeFiles(directory, {
    "hold.mjs": `import pg from "${pgModule}"; import { writeFileSync } from "node:fs";
      const client = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: "left behind" });
      client.on("error", () => process.exit()); await client.connect(); writeFileSync("held", "");`,
  });
  // In a group of its own: what stays in the command's is ended with it.
  const setup = `setsid "${process.execPath}" hold.mjs & while [ ! -e held ]; do sleep 0.01; done`;
  const failure = await failureOf(open({ directory, settings: { setup } }));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toMatch(/still something is connected .*: process \d+ of role template \(left behind\)/);
  expect(await ownRunDirectories()).toEqual([]);
});

test.each([
  ["that heeds", "sleep 600 &"],
  ["that heeds, with a process that does not", "(trap '' TERM; exec sleep 600) &"],
  ["that does not heed", "trap '' TERM; sleep 600 &"],
])("aborting in the middle of a database.setup %s ends all its processes and leaves nothing", async (_, command) => {
  const directory = await makeDirectory();
  const controller = new AbortController();
  const setup = `${command} echo $! > sleeper; mv sleeper pid; wait`;
  const opening = failureOf(open({ directory, signal: controller.signal, settings: { setup } }));
  const pid = Number(await whenWritten(join(directory, "pid")));
  controller.abort();
  expect(await opening).toBeInstanceOf(InterruptedError);
  expect(await waitForEnd(pid, 10_000)).toBe(true);
  expect(await ownRunDirectories()).toEqual([]);
});

async function whenWritten(path: string): Promise<string> {
  for (;;) {
    const content = await readFile(path, "utf8").catch(() => "");
    if (content !== "") return content;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a package manager that database.setup needs and that is not there is named, with what installs it", async () => {
  const directory = await makeDirectory();
  const failure = await failureOf(open({ directory, settings: { setup: "rye run alembic upgrade head" } }));
  expect(failure.message).toContain("rye is not installed, which `rye run alembic upgrade head` needs");
});
