import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { clientSettings, describeFailure, isServersAnswer } from "../../src/database/connection.ts";
import { parseServerUrl } from "../../src/database/url.ts";
import { makeDirectory, writeFiles } from "../support/repository.ts";

const encryptions = async (query: string, place = "ada@db"): Promise<unknown[]> => {
  const settings = await clientSettings(parseServerUrl(`postgresql://${place}/app${query}`, {}), "postgres");
  return settings.map(({ ssl }) => ssl);
};

const unverified = { rejectUnauthorized: false };

test.each([
  ["", [unverified, false]],
  ["?sslmode=prefer", [unverified, false]],
  ["?sslmode=allow", [false, unverified]],
  ["?sslmode=disable", [false]],
  ["?sslmode=require", [unverified]],
  ["?sslmode=verify-ca", [{ checkServerIdentity: expect.any(Function) }]],
  ["?sslmode=verify-full", [{}]],
  ["?ssl=require", [unverified]],
])("a query of %j asks for TLS as libpq does", async (query, expected) => {
  expect(await encryptions(query)).toEqual(expected);
});

test("a unix socket is never encrypted", async () => {
  expect(await encryptions("?sslmode=require", "ada@%2Frun%2Fpg")).toEqual([false]);
});

test("the certificates that a URL names are read", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "root.crt": "root", "own.crt": "own", "own.key": "key" });
  const at = (file: string): string => encodeURIComponent(join(directory, file));
  const query = `?sslmode=verify-full&sslrootcert=${at("root.crt")}&sslcert=${at("own.crt")}&sslkey=${at("own.key")}`;
  expect(await encryptions(query)).toEqual([
    { ca: Buffer.from("root"), cert: Buffer.from("own"), key: Buffer.from("key") },
  ]);
});

test("a failure of several addresses is told by each of their words", () => {
  const failure = new AggregateError([new Error("refused at ::1"), new Error("refused at 127.0.0.1")]);
  expect(describeFailure(failure)).toBe("refused at ::1, refused at 127.0.0.1");
  expect(describeFailure(Object.assign(new Error(""), { code: "ECONNRESET" }))).toBe("ECONNRESET");
});

/** An error with a code, of the server's class or of the system's. */
const errorOf = (code: string, isServers: boolean): Error =>
  Object.assign(isServers ? new pg.DatabaseError("told", 4, "error") : new Error("told"), { code });

test.each([
  ["a refusal is the server's answer", "42501", true, true],
  ["a shutdown is none", "57P01", true, false],
  ["a connection that the server gives up is none", "08006", true, false],
  ["a broken pipe, whose code looks like a server's, is none", "EPIPE", false, false],
])("%s", (_what, code, isServers, expected) => {
  expect(isServersAnswer(errorOf(code, isServers))).toBe(expected);
});
