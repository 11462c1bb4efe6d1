import { expect, it } from "vitest";
import { computed } from "../../../src/project/parsers/loose-values.ts";
import { exportedLiteral, listedFor, literalOf, literalUnder } from "../../../src/project/parsers/object-literal.ts";

it.each<[string, unknown]>([
  [
    "x({ key: { lines: 97.5, name: 'a', on: true, off: null, least: -3 } })",
    { lines: 97.5, name: "a", on: true, off: null, least: -3 },
  ],
  ['{ "key": { "src/**": { "lines": 1_0 }, 100: true } }', { "src/**": { lines: 10 }, "100": true }],
  ["config.key = { lines: 1 }", { lines: 1 }],
  ["x({ key: { list: [1, { a: 2 }], lines: 3, } })", { list: computed, lines: 3 }],
  ["x({ key: { method() { return { a: 1 } }, lines: 3 } as const })", { lines: 3 }],
  ["x({ key: { exclude: /it's [/] {/, lines: 5 } })", { exclude: computed, lines: 5 }],
  [
    "x({ key: { lines: 4 / 2, functions: 5, branches: 6 / 2 } })",
    { lines: computed, functions: 5, branches: computed },
  ],
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
  expect(literalOf("x({ key: { ...shared, lines: 1 } })", "key")).toEqual({ "...": computed, lines: 1 });
});

it.each([
  "export default ({ key: { lines: 1 } } satisfies Config)",
  "const lines = <const>1;\nexport default { key: { lines: lines! } }",
  "module.exports = { key: <Shares>{ lines: 1 } }",
])("literalOf looks through types and parentheses: %s", (text) => {
  expect(literalOf(text, "key")).toEqual({ lines: 1 });
});

it("literalOf does not say what a text holds that is no code, but for what it does not name", () => {
  expect(literalOf("x({ key: { lines: 1 }", "key")).toBe(computed);
  expect(literalUnder("x({ key: { lines: 1 }", "other", "key")).toBe(computed);
  expect(literalOf("x({ key: { lines: 1 }", "keys")).toBeUndefined();
  expect(exportedLiteral("export default { lines: 1")).toBe(computed);
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

it.each([
  ["function old() { const lines = 20; return lines }\nconst lines = 92;\nx({ key: { lines } })", 92],
  ["const lines = 92;\nfor (const lines of list) use(lines);\nx({ key: { lines } })", 92],
  ["const lines = 92;\nx(() => { const lines = 20; return { key: { lines } } })", computed],
  ["const lines = 92;\nx(() => { let lines = 20; return { key: { lines: lines } } })", computed],
  ["x(() => { const lines = 20; return { key: { lines } } })", computed],
  ["let lines = 92;\nx({ key: { lines } })", computed],
  ["const lines = 92;\nx((lines) => ({ key: { lines } }))", computed],
  ["const lines = 92;\nx(({ a: { lines } = b, ...rest }, [c]) => ({ key: { lines } }))", computed],
  ["const lines = 92;\ntry { x() } catch (lines) { x({ key: { lines } }) }", computed],
  ["const lines = 92;\n{ const lines = 20; }\nx({ key: { lines } })", 92],
  ["const lines = 92;\nif (a) { var lines = 20; }\nx({ key: { lines } })", computed],
  ["import { lines } from './lines';\nx({ key: { lines } })", computed],
])("literalOf follows only what is constant at the top of the file: %s", (text, lines) => {
  expect(literalOf(text, "key")).toEqual({ lines });
});

it.each([
  "x({ key: { lines: 1 } }, { key: { lines: 2 } })",
  "x({ a: { key: { lines: 1 } }, key: CI ? { lines: 2 } : {} })",
  "const config = { key: { lines: 1 } };\nconfig.key = { lines: 2 };",
])("literalOf does not choose where a text says different things: %s", (text) => {
  expect(literalOf(text, "key")).toBe(computed);
});

it.each([
  "x({ a: { key: { lines: 1 } }, key: { lines: 1 } })",
  "const key = { lines: 2 };\nx({ key: { ...key, lines: 1 } })",
  "const key = { lines: 1 };\nmodule.exports = make(key)",
  "import { key } from './other';\nx({ key: { lines: 1 } })",
  "import other, { type A, key as b } from './other';\nx({ key: { lines: 1 } })",
  "const { key } = shared;\nconst { key: other } = shared;\nx({ key: { lines: 1 } })",
  "type Options = { key: Shares; a: { b: 1 } };\ninterface More extends Options { key: Shares }\nx({ key: { lines: 1 } })",
  "f(a, key, b); const c = key ? key : 2; if (o.key == 3) g();\nx({ key: { lines: 1 } })",
])("literalOf is not misled by what is no member: %s", (text) => {
  expect(literalOf(text, "key")).toEqual({ lines: 1 });
});

it("literalOf keeps a key that is worked out under what is written", () => {
  expect(literalOf("x({ key: { [`a`]: { lines: 1 }, lines: 2 } })", "key")).toEqual({ "[`a`]": computed, lines: 2 });
});

it.each<[string, unknown]>([
  ["x({ a: { key: 1 }, parent: { key: 2 } })", 2],
  ["const parent: P = { key: 2 };\nx({ a: { key: 1 }, parent })", 2],
  ["parent.key = 2; a.key = 1", 2],
  ["const parent = { key: 1 };\nparent.key = 2", computed],
  ["x({ parent: { ...shared, key: 2 } })", 2],
  ["x({ parent: { ...shared } })", computed],
  ["x({ parent: read() })", computed],
  ["x({ a: { key: 1 } })", computed],
  ["x({ a: { key: 1 }, parent: { other: 2 } })", undefined],
  ["x({ a: { key: 1 }, parent: './a' })", undefined],
  ["x({ a: 1 })", undefined],
])("literalUnder reads %s", (text, value) => {
  expect(literalUnder(text, "parent", "key")).toEqual(value);
});

it.each([
  ["x({ parent: { key: ['a', ...more(['b']), c ? 'd' : `e\u0024{f}`] as const } })", ["a", "b", "d", "e\u0024{f}"]],
  ["const parent = { key: ['a'] } satisfies Parent", ["a"]],
  ["config.parent = { key: ['a'] }", ["a"]],
  ["x({ key: ['a'] })", []],
  ["x({ parent: { key: list, other: ['a'] } })", []],
  ["x({ parent: { key: ['a'] }", []],
])("listedFor finds the strings of the lists in %s", (text, listed) => {
  expect(listedFor(text, "parent", "key")).toEqual(listed);
});

it("listedFor takes the lists of every object where no parent is asked for", () => {
  expect(listedFor("x({ key: ['a'] }, { parent: { key: ['b'] } })", null, "key")).toEqual(["a", "b"]);
});
