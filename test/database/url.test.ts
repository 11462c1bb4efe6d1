import pg from "pg";
import { parse } from "pg-connection-string";
import { describe, expect, test } from "vitest";
import {
  describeAddress,
  parseServerUrl,
  passwordSecrets,
  postgresVariables,
  renderUrl,
  urlSecrets,
  withoutPostgresRedirects,
} from "../../src/database/url.ts";
import { RequestError } from "../../src/shared/errors.ts";

const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));

describe("a server's URL", () => {
  test("gives its parts, decoded", () => {
    expect(parseServerUrl("postgresql://ada:p%40ss%2Fw@db.example.com:6432/app?application_name=x%20y", {})).toEqual({
      host: "db.example.com",
      port: 6432,
      user: "ada",
      password: "p@ss/w",
      database: "app",
      sslmode: undefined,
      parameters: [["application_name", "x y"]],
    });
  });

  test("may name a driver, which says nothing about the server", () => {
    expect(parseServerUrl("postgresql+asyncpg://ada@db/app", {}).host).toBe("db");
  });

  test("takes what it leaves out from the PG variables", () => {
    const environment = { PGHOST: "db", PGPORT: "6000", PGUSER: "ada", PGPASSWORD: "secret" };
    expect(parseServerUrl("postgresql://", environment)).toMatchObject({
      host: "db",
      port: 6000,
      user: "ada",
      password: "secret",
      database: undefined,
    });
  });

  test("may name the directory of a socket in its query, or encoded as its host", () => {
    expect(parseServerUrl("postgresql://ada@/app?host=/run/pg", {})).toMatchObject({ host: "/run/pg", parameters: [] });
    expect(parseServerUrl("postgresql://ada@%2Frun%2Fpg/app", {}).host).toBe("/run/pg");
  });

  test("may have a query without a database", () => {
    expect(parseServerUrl("postgresql://ada@db?sslrootcert=/etc/root.crt", {}).parameters).toEqual([
      ["sslrootcert", "/etc/root.crt"],
    ]);
  });

  test("may hold an IPv6 address, which is rendered in brackets", () => {
    const address = parseServerUrl("postgresql://ada@[::1]:5433/app", {});
    expect(address.host).toBe("::1");
    expect(describeAddress(address)).toBe("[::1]:5433");
    expect(renderUrl(address, "postgresql", "app_gw0")).toBe("postgresql://ada@[::1]:5433/app_gw0");
  });

  test("keeps a raw @ and : in a password", () => {
    expect(parseServerUrl("postgresql://ada:a@b:c@db/app", {}).password).toBe("a@b:c");
  });

  test("keeps a plus in a password and in the query", () => {
    const address = parseServerUrl("postgresql://ada:a+b@db/app?options=c+d", {});
    expect(address.password).toBe("a+b");
    expect(address.parameters).toEqual([["options", "c+d"]]);
  });

  test.each([
    ["a raw #", "postgresql://ada:sec#ret@db/app"],
    ["a raw # after digits", "postgresql://ada:12#secret@db/app"],
    ["a raw /", "postgresql://ada:sec/ret@db/app"],
    ["a raw / after digits", "postgresql://ada:12/secret@db/app"],
    ["a raw ? after digits", "postgresql://ada:12?secret@db/app"],
    ["a raw @ and /", "postgresql://ada:x@1/secret@db/app"],
    ["a raw %", "postgresql://ada:100%secret@db/app"],
    ["several hosts", "postgresql://ada:secret@one:5432,two:5432/app"],
    ["several hosts without ports", "postgresql://ada:secret@one,two/app"],
    ["a port out of range", "postgresql://ada:secret@db:0/app"],
    ["another scheme", "mysql://ada:secret@db/app"],
    ["no scheme", "ada:secret@db/app"],
  ])("is refused with %s, without showing the password", (_, url) => {
    const failure = (() => {
      try {
        parseServerUrl(url, {});
      } catch (error) {
        return error as Error;
      }
    })();
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure?.message).not.toMatch(/sec|ret|100%s/);
    expect(failure?.message).toMatch(/^The (port of the )?database URL .*\.$/);
  });
});

describe("a worker's URL", () => {
  const address = { ...parseServerUrl("postgresql://x@db:5433/app", {}), user: "ad a@", password: printable };

  test("holds a password of every printable character so that drivers read it whole", () => {
    const url = renderUrl(address, "postgresql", "app_gw0");
    expect(parse(url)).toMatchObject({
      user: "ad a@",
      password: printable,
      database: "app_gw0",
      host: "db",
      port: "5433",
    });
    expect(new pg.Client({ connectionString: url }).password).toBe(printable);
    expect(url).toMatch(/^postgresql:\/\/[\w.~%-]+:[\w.~%-]+@db:5433\/app_gw0$/);
  });

  test("has the scheme of its variable and keeps the query", () => {
    const kept = parseServerUrl("postgres://ada@db/app?application_name=x&schema=public", {});
    expect(renderUrl(kept, "postgresql+psycopg", "app_gw1")).toBe(
      "postgresql+psycopg://ada@db:5432/app_gw1?application_name=x&schema=public",
    );
  });

  test("names sslmode as asyncpg does where asyncpg reads it", () => {
    const secured = parseServerUrl("postgresql://ada@db/app?sslmode=require", {});
    expect(renderUrl(secured, "postgresql+asyncpg", "a")).toBe("postgresql+asyncpg://ada@db:5432/a?ssl=require");
  });

  test("leads to a unix socket by way of the query", () => {
    const socket = parseServerUrl("postgresql://ada:x@/app?host=/run/pg&port=5433", {});
    expect(parse(renderUrl(socket, "postgresql", "app_gw0"))).toMatchObject({ host: "/run/pg", database: "app_gw0" });
  });

  test("encodes a database name with a slash and a question mark", () => {
    expect(renderUrl(address, "postgresql", "a/b?c").endsWith("/a%2Fb%3Fc")).toBe(true);
  });
});

test("the PG variables say the same as the URL", () => {
  const address = parseServerUrl("postgresql://ada:p%23@db:5433/app?sslmode=require", {});
  expect(postgresVariables(address, "app_gw0")).toEqual({
    PGHOST: "db",
    PGPORT: "5433",
    PGUSER: "ada",
    PGPASSWORD: "p#",
    PGDATABASE: "app_gw0",
    PGSSLMODE: "require",
  });
});

test("a password is a secret", () => {
  expect(passwordSecrets(parseServerUrl("postgresql://ada:a%2Fb!@db", {}))).toEqual(["a/b!"]);
  expect(passwordSecrets(parseServerUrl("postgresql://ada@db", {}))).toEqual([]);
});

test.each([
  "postgresql://ada:postgres@db/app",
  "postgresql://app_owner:app_owner@db/app",
  "postgresql://ada:app@db/app",
])("the password of %s is commonplace", (url) => {
  expect(passwordSecrets(parseServerUrl(url, {}))).toEqual([{ commonplace: expect.any(String) }]);
});

test("the passwords of all URLs and of PGPASSWORD are secrets, whatever cannot be read", () => {
  const urls = [undefined, "postgresql://ada:s3cret@db", "mysql://ada:other@db", "postgresql://ada:p%23@db"];
  expect(urlSecrets(urls, { PGPASSWORD: "from outside" })).toEqual(["from outside", "s3cret", "p#"]);
});

test("variables that lead clients to another server are left out", () => {
  expect(withoutPostgresRedirects({ PATH: "/bin", PGHOSTADDR: "10.0.0.1", PGSERVICE: "dev" })).toEqual({
    PATH: "/bin",
  });
});
