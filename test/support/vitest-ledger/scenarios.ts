import type { Scenario } from "../ledger/scenarios.ts";

/** What the tests of the vitest ledger do; together they cover the sources but for one error branch. */
export const scenarios: readonly Scenario[] = [
  (amount, broken) => `test("a sale of ${amount} cents appears in the trial balance", async ({ client }) => {
  const books = await openBooks(client, "Ada & Sons");
  await postEntry(client, books, "2026-01-15", { 1000: ${amount}, 4000: -${amount} });
  expect(await trialBalance(client, books)).toEqual({ 1000: ${broken ? amount + 1 : amount}, 4000: -${amount} });
});
`,
  (amount) => `test("an entry off by ${amount} cents is refused", async ({ client }) => {
  const books = await openBooks(client, "Ada & Sons");
  await expect(postEntry(client, books, "2026-01-15", { 1000: ${amount} })).rejects.toThrow("differ by ${amount} cents");
  expect(await trialBalance(client, books)).toEqual({});
});
`,
  (amount) => `test("reversing ${amount} cents of rent leaves nothing", async ({ client }) => {
  const books = await openBooks(client, "Ada & Sons");
  const entry = await postEntry(client, books, "2026-02-01", { 6000: ${amount}, 1000: -${amount} });
  await reverseEntry(client, books, entry, "2026-02-03");
  expect(await trialBalance(client, books)).toEqual({});
  await expect(reverseEntry(client, books, entry, "2026-02-04")).rejects.toThrow("duplicate key");
});
`,
  (amount) => `test("a payment of ${3 * amount} cents settles the oldest invoice first", async ({ client }) => {
  const customer = await addCustomer(client, await openBooks(client, "Ada & Sons"), "Babbage & Co");
  const second = await issueInvoice(client, customer, "2026-002", "2026-04-30", [[2, ${amount}]]);
  const first = await issueInvoice(client, customer, "2026-001", "2026-03-31", [[1, ${amount}], [1, ${amount}]]);
  expect(await receivePayment(client, customer, ${3 * amount})).toBe(0);
  expect([await outstanding(client, first), await outstanding(client, second)]).toEqual([0, ${amount}]);
});
`,
  (amount) => `test("an unpaid invoice of ${amount} cents becomes overdue", async ({ client }) => {
  const customer = await addCustomer(client, await openBooks(client, "Ada & Sons"), "Lovelace Ltd");
  await issueInvoice(client, customer, "2026-010", "2026-05-31", [[3, ${amount}]]);
  expect(await overdue(client, customer, "2026-05-31")).toEqual([]);
  expect(await overdue(client, customer, "2026-06-01")).toEqual(["2026-010"]);
});
`,
];

/** What stands at the top of every test file. */
export const testFileHeader = `import { expect, test } from "vitest";
import { openBooks, postEntry, reverseEntry, trialBalance } from "../src/books.js";
import { addCustomer, issueInvoice, outstanding, overdue, receivePayment } from "../src/trade.js";
`;

/** A module that no test imports: more than half of all lines. */
export function untestedModule(): string {
  const lines = Array.from({ length: 120 }, (_, index) => `  record.field${index} = row[${index}]?.trim() ?? null;`);
  return `/** Reads the export of the ledger that was used before. */
export function readRow(row) {
  const record = {};
${lines.join("\n")}
  return record;
}
`;
}
