import { expect, test } from "vitest";
import { checkBaseName, saltedBase, workerDatabaseName } from "../../src/database/names.ts";
import type { WorkerId } from "../../src/database/provision.ts";
import { RequestError } from "../../src/shared/errors.ts";

const workers: WorkerId[] = ["gw0", "gw10"];

test.each([
  ["a base", "a".repeat(64), ["master"], false],
  ["a worker's name", "a".repeat(59), ["gw0", "gw10"], false],
  ["the template's name while it is built", "a".repeat(39), ["gw0"], true],
  ["a base of letters that take two bytes", "é".repeat(30), ["gw0"], false],
] as [string, string, WorkerId[], boolean][])(
  "%s that Postgres would cut is refused",
  (_what, base, all, hasTemplate) => {
    expect(() => checkBaseName(base, all, hasTemplate)).toThrow(RequestError);
  },
);

test.each([
  ["a worker's name", "a".repeat(58), ["gw0", "gw10"], false],
  ["the template's name while it is built", "a".repeat(38), ["gw0"], true],
] as [string, string, WorkerId[], boolean][])("%s of 63 bytes is not refused", (_what, base, all, hasTemplate) => {
  checkBaseName(base, all, hasTemplate);
});

test("a salted base keeps the whole name where there is room", () => {
  expect(saltedBase("shop", workers, true)).toMatch(/^shop_[0-9a-f]{4}$/);
});

test.each([true, false])(
  "a salted base is shortened by whole characters until all names fit (template: %j)",
  (hasTemplate) => {
    for (const start of ["", "x", "xx", "xxx"]) {
      const base = saltedBase(start + "😀".repeat(14), workers, hasTemplate);
      checkBaseName(base, workers, hasTemplate);
      expect(base).toMatch(/^x*(😀)+_[0-9a-f]{4}$/);
      expect(new Set(workers.map((worker) => workerDatabaseName(base, worker))).size).toBe(2);
    }
  },
);
