import { expect, test } from "vitest";
import { redactor } from "../../src/shared/redact.ts";

test("a secret is replaced wherever it stands, special characters and all", () => {
  expect(redactor(["a.b*c$"])("x a.b*c$ y aXbbc$")).toBe("x *** y aXbbc$");
});

test("of overlapping secrets the longest is replaced whole", () => {
  expect(redactor(["pass", "passcode"])("passcode")).toBe("***");
});

test("a short password is only taken out of URLs", () => {
  expect(redactor(["a"])("postgresql://a:a@a/a and a")).toBe("postgresql://a:***@a/a and a");
});

test("without secrets a text stays as it is", () => {
  expect(redactor([""])("nothing")).toBe("nothing");
});

const password = 'a b/c"d\\e';

test.each([
  ["as it is", 'a b/c"d\\e'],
  ["encoded", "a%20b%2Fc%22d%5Ce"],
  ["encoded in lower case", "a%20b%2fc%22d%5ce"],
  ["encoded but for the blank", "a b%2Fc%22d%5Ce"],
  ["encoded but for the slash", "a%20b/c%22d%5Ce"],
  ["of a form", "a+b%2Fc%22d%5Ce"],
  ["encoded twice", "a%2520b%252Fc%2522d%255Ce"],
  ["with doubled percent signs", "a%%20b%%2Fc%%22d%%5Ce"],
  ["in JSON", 'a b/c\\"d\\\\e'],
  ["in JSON with its slash escaped", 'a b\\/c\\"d\\\\e'],
  ["in JSON in JSON", 'a b/c\\\\\\"d\\\\\\\\e'],
  ["in JSON as code points", "a b/c\\u0022d\\u005Ce"],
  ["in HTML", "a b/c&quot;d\\e"],
])("a secret %s is replaced", (_, spelled) => {
  expect(redactor([password])(`<${spelled}>`)).toBe("<***>");
});

test.each([
  ["é€😀", "%C3%A9%e2%82%ac%F0%9F%98%80"],
  ["é€😀", "\\u00e9\\u20AC\\ud83d\\ude00"],
  ["é€😀", "\\xe9\\u20ac\\U0001f600"],
  ["ab\\é", "ab\\\\\\xe9"],
  ["it's so", "it'\\''s so"],
  ["it's so", "it\\'s so"],
  ["50%25%", "50%2525%25"],
  ["back\\\\slashes", "back\\\\\\\\slashes"],
  ["(a|b)-[c]{d}^$?", "(a|b)-[c]{d}^$?"],
])("the secret %s is replaced where it is written %s", (secret, spelled) => {
  expect(redactor([secret])(`<${spelled}>`)).toBe("<***>");
});

test("a commonplace secret goes where it stands as a password", () => {
  const redact = redactor([{ commonplace: "postgres" }]);
  expect(redact("postgresql://postgres:postgres@h/postgres")).toBe("postgresql://postgres:***@h/postgres");
  expect(redact("PGPASSWORD=postgres password='postgres'")).toBe("PGPASSWORD=*** password='***'");
  expect(redact('{"password": "postgres", "user": "postgres"}')).toBe('{"password": "***", "user": "postgres"}');
});

test("a commonplace secret stays where it is a word like any other", () => {
  const text = "the role postgres, password: postgresql, tests/test_postgres.py";
  expect(redactor([{ commonplace: "postgres" }])(text)).toBe(text);
});

test("a secret that is commonplace on one server and not on another is replaced everywhere", () => {
  expect(redactor([{ commonplace: "ledger" }, "ledger"])("ledger")).toBe("***");
});
