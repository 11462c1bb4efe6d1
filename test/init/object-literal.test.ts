import { expect, it } from "vitest";
import { computed, exportedLiteral, literalOf } from "../../src/init/object-literal.ts";

it.each<[string, unknown]>([
  [
    "x({ key: { lines: 97.5, name: 'a', on: true, off: null, least: -3 } })",
    { lines: 97.5, name: "a", on: true, off: null, least: -3 },
  ],
  ['{ "key": { "src/**": { "lines": 1_0 }, 100: true } }', { "src/**": { lines: 10 }, "100": true }],
  ["config.key = { lines: 1 }", { lines: 1 }],
  ["key: { list: [1, { a: 2 }], lines: 3, }", { list: computed, lines: 3 }],
  ["key: { method() { return { a: 1 } }, lines: 3 } as const", { lines: 3 }],
  ["key: { exclude: /it's [/] {/, lines: 5 }", { exclude: computed, lines: 5 }],
  ["key: { lines: 4 / 2, functions: 5, branches: 6 / 2 }", { lines: computed, functions: 5, branches: computed }],
  ["const lines = 90; x({ key: { lines, branches: 80 } })", { lines: 90, branches: 80 }],
])("literalOf reads %s", (text, value) => {
  expect(literalOf(text, "key")).toEqual(value);
});

it.each(["// key: { a: 1 }", "/* key: { a: 1 } */", "const text = 'key: { a: 1 }'", "const text = `\nkey: { a: 1 }`"])(
  "literalOf finds no key in %s",
  (text) => {
    expect(literalOf(text, "key")).toBeUndefined();
  },
);

it.each(["read()", "CI ? { a: 1 } : {}", "1 + 1", "imported", "`\u0024{name}`", "shared.key", "[1]"])(
  "literalOf says that %s is worked out",
  (value) => {
    expect(literalOf(`({ key: ${value} })`, "key")).toBe(computed);
  },
);

it("literalOf follows the constants of the same file, also where they are spread or go by the key's own name", () => {
  const constants = "const least = 90;\nconst base: Shares = { lines: least };\n";
  expect(literalOf(`${constants}const key = { ...base, branches: 80 };\nexport default { key }`, "key")).toEqual({
    lines: 90,
    branches: 80,
  });
});

it("literalOf says that a spread may hide something where it cannot be followed", () => {
  expect(literalOf("key: { ...shared, lines: 1 }", "key")).toEqual({ "...": computed, lines: 1 });
});

it("literalOf ends with constants that name each other", () => {
  expect(literalOf("const a = b;\nconst b = a;\nx({ key: a })", "key")).toBe(computed);
});

it("literalOf takes the object before a type of the same name", () => {
  expect(literalOf("interface Options { key: Shares }\nx({ key: { lines: 1 } })", "key")).toEqual({ lines: 1 });
});

it.each(['{ "lines": 1 } // comment', "module.exports = { lines: 1 };", "export default { lines: 1 }"])(
  "exportedLiteral reads %s",
  (text) => {
    expect(exportedLiteral(text)).toEqual({ lines: 1 });
  },
);

it("exportedLiteral says that a module that exports nothing in sight is worked out", () => {
  expect(exportedLiteral("lines(1)")).toBe(computed);
});
