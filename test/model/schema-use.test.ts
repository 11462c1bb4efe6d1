import { expect, test } from "vitest";
import { type SchemaUse, schemaNotes, schemaUseInShort, schemaUseText } from "../../src/model/schema-use.ts";

const unused: SchemaUse = { kept: 0, made: 0, reasons: {}, off: null };
const used: SchemaUse = { ...unused, kept: 10, made: 2 };
const off: SchemaUse = { ...unused, off: "this role may not create event triggers" };

test("a setting that no suite used is said to have had no effect, once for all suites", () => {
  const keeping = [
    { name: "api", keepsSchema: true },
    { name: "jobs", keepsSchema: true, schema: unused },
  ];
  expect(schemaNotes(keeping)).toEqual([
    '"schema": "reset" in "database" had no effect: no test of api, jobs made tables by create_all of SQLAlchemy, sync of Sequelize or synchronize of TypeORM.',
  ]);
  expect(schemaNotes([...keeping, { name: "web", keepsSchema: true, schema: used }])).toEqual([]);
  expect(schemaNotes([{ name: "api", keepsSchema: false }])).toEqual([]);
});

test("a suite whose schema could not be kept says why", () => {
  expect(schemaNotes([{ name: "api", keepsSchema: true, schema: off }])).toEqual([
    "The schema was not kept in api, but made for every test: this role may not create event triggers.",
  ]);
});

test("a suite whose schema was never kept says why, and one that makes it once says nothing", () => {
  const seeded = { ...unused, made: 72, reasons: { "rows are put in when it is made": 72 } };
  expect(schemaNotes([{ name: "api", keepsSchema: true, schema: seeded }])).toEqual([
    "The schema was not kept in api, but made for every test: rows are put in when it is made.",
  ]);
  expect(schemaNotes([{ name: "api", keepsSchema: true, schema: { ...unused, made: 1 } }])).toEqual([]);
});

test("a table says how often the schema was kept, and why mostly it was not", () => {
  const often = { ...used, reasons: { "views depend on it": 1, "a test changed more than rows": 3 } };
  expect(schemaUseInShort([used, often])).toBe(
    "schema kept, emptied 20 times, not kept 4 times, mostly as a test changed more than rows",
  );
  expect(schemaUseInShort([used])).toBe("schema kept, emptied 10 times");
  expect(schemaUseInShort([off])).toBeNull();
});

test("the summary says how often the schema was made and emptied, and each reason for not keeping it", () => {
  const often = { ...used, reasons: { "views depend on it": 1, "a test changed more than rows": 3 } };
  expect(schemaUseText(often)).toBe(
    "schema made 2 times, emptied 10 times; not kept as a test changed more than rows (3 times), as views depend on it (once)",
  );
});
