import { expect, test } from "vitest";
import { variableValueMistake } from "../../src/config/variable-words.ts";
import type { ServerAddress } from "../../src/database/url.ts";
import { variableValue } from "../../src/database/variable-values.ts";

const address: ServerAddress = {
  host: "db.example.com",
  port: 5433,
  user: "ada",
  password: "p@ss/word",
  sslmode: undefined,
  parameters: [],
  database: undefined,
};

test.each([
  ["postgresql+asyncpg", "postgresql+asyncpg://ada:p%40ss%2Fword@db.example.com:5433/shop_gw0"],
  ["postgis", "postgis://ada:p%40ss%2Fword@db.example.com:5433/shop_gw0"],
  ["host", "db.example.com"],
  ["port", "5433"],
  ["user", "ada"],
  ["password", "p@ss/word"],
  ["name", "shop_gw0"],
  ["url", "postgresql://ada:p%40ss%2Fword@db.example.com:5433/shop_gw0"],
  ["jdbc:postgresql://{host}:{port}/{name}", "jdbc:postgresql://db.example.com:5433/shop_gw0"],
  ["{url}?sslmode=disable", "postgresql://ada:p%40ss%2Fword@db.example.com:5433/shop_gw0?sslmode=disable"],
  ["postgres://{user}:{password}@{host}/x", "postgres://ada:p%40ss%2Fword@db.example.com/x"],
  ["host={host} password='{password}' dbname={name}", "host=db.example.com password='p@ss/word' dbname=shop_gw0"],
  ['{"host":"{host}"}', '{"host":"db.example.com"}'],
])("%s holds %s", (value, expected) => {
  expect(variableValueMistake(value)).toBeNull();
  expect(variableValue(value, address, "shop_gw0")).toBe(expected);
});

test("an address of IPv6 has brackets in a URL, and none elsewhere", () => {
  const local = { ...address, host: "::1" };
  expect(variableValue("jdbc:postgresql://{host}:{port}/{name}", local, "a")).toBe("jdbc:postgresql://[::1]:5433/a");
  expect(variableValue("{host}", local, "a")).toBe("::1");
});

test("a server without a password gives an empty one", () => {
  expect(variableValue("password", { ...address, password: undefined }, "a")).toBe("");
});

test.each([
  ["hots", /^"hots" is neither a scheme such as "postgresql\+asyncpg", nor a part of the address \(host, port, /],
  ["mysql", /^"mysql" is neither a scheme/],
  ["postgresql://", /^"postgresql:\/\/" is neither a scheme/],
  ["{hots}:{port}", /^"\{hots\}" is no part of an address: did you mean "\{host\}"\? Known are \{host\}, \{port\}, /],
])("%s is refused", (value, sentence) => {
  expect(variableValueMistake(value)).toMatch(sentence);
});
