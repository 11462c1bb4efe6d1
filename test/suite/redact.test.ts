import { expect, test } from "vitest";
import { redactor } from "../../src/suite/redact.ts";

test("a secret is replaced wherever it stands, special characters and all", () => {
  expect(redactor(["a.b*c$"])("x a.b*c$ y aXbbc$")).toBe("x *** y aXbbc$");
});

test("of overlapping secrets the longest is replaced whole", () => {
  expect(redactor(["pass", "password"])("password")).toBe("***");
});

test("a short password is only taken out of URLs", () => {
  expect(redactor(["a"])("postgresql://a:a@a/a and a")).toBe("postgresql://a:***@a/a and a");
});

test("without secrets a text stays as it is", () => {
  expect(redactor([""])("nothing")).toBe("nothing");
});
