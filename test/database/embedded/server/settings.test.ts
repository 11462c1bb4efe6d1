import { expect, test } from "vitest";
import { RequestError } from "../../../../src/shared/errors.ts";
import { ask, failureOf, open, ownRunDirectories } from "../../support.ts";

test("a setting of the project's wins over ours, whatever the case of its name", async () => {
  const settings = { settings: { JIT: true, work_mem: "16MB", "app.tenant": "it's a \\ test", max_connections: 30 } };
  const [database] = await (await open({ settings })).lease(["gw0"]);
  const names = ["jit", "work_mem", "app.tenant", "max_connections"];
  const values = await Promise.all(names.map((name) => ask(database, `SELECT current_setting('${name}') AS value`)));
  expect(values.map(([row]) => row?.value)).toEqual(["on", "16MB", "it's a \\ test", "30"]);
});

test.each(["port", "Listen_Addresses", "hba_file", "data_directory", "log_line_prefix", "include"])(
  "the setting %s, which would take the server from under us, is refused",
  async (name) => {
    const failure = await failureOf(open({ settings: { settings: { [name]: "1" } } }));
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure.message).toContain(`database.settings sets ${name}`);
  },
);

test("a name that would be more than a setting is refused", async () => {
  const failure = await failureOf(open({ settings: { settings: { "jit = off\nport": "1" } } }));
  expect(failure.message).toContain("is no name of a Postgres setting");
});

test.each([
  [{ wrok_mem: "1MB" }, 'unrecognized configuration parameter "wrok_mem"'],
  [{ work_mem: "much" }, 'invalid value for parameter "work_mem": "much"'],
  [{ shared_preload_libraries: "nothing_of_the_kind" }, "nothing_of_the_kind"],
])("settings that Postgres does not take, %o, are told in its words and leave nothing", async (settings, words) => {
  const failure = await failureOf(open({ settings: { settings } }));
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure.message).toContain(words);
  expect(await ownRunDirectories()).toEqual([]);
});

test("the server has room for what all workers may open at once", async () => {
  const workers = Array.from({ length: 16 }, (_, index) => `gw${index}` as const);
  const [database] = await (await open({ workers, settings: { connections: 15 } })).lease(["gw0"]);
  expect(await ask(database, "SHOW max_connections")).toEqual([{ max_connections: "260" }]);
});

test.each([
  [undefined, "B a z á"],
  ["C", "B a z á"],
  ["en-US", "a á B z"],
])("under the locale %s the server sorts as that does", async (locale, sorted) => {
  const [database] = await (await open({ settings: { locale } })).lease(["gw0"]);
  const rows = await ask(
    database,
    "SELECT string_agg(v, ' ' ORDER BY v) AS v FROM (VALUES ('z'), ('á'), ('B'), ('a')) AS t(v)",
  );
  expect(rows[0]?.v).toBe(sorted);
});

test("a locale that Postgres does not know is refused in its words, and leaves nothing", async () => {
  const failure = await failureOf(open({ settings: { locale: "xx-nowhere-at-all-and-much-too-long" } }));
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure.message).toMatch(
    /does not know the locale "xx-nowhere-at-all-and-much-too-long" of database\.locale: /,
  );
  expect(await ownRunDirectories()).toEqual([]);
});
