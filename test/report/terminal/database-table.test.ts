import { expect, test } from "vitest";
import type { ListedDatabase } from "../../../src/database/inventory.ts";
import { databaseTable } from "../../../src/report/terminal/database-table.ts";

const now = new Date("2026-11-21T12:00:00Z");
const secondsAgo = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);

const own: ListedDatabase = {
  name: "finance_report_test_gw0",
  worker: "gw0",
  run: { pid: 4711, host: null, directory: "/home/ada/finance-report" },
  isLive: true,
  madeAt: secondsAgo(12),
  bytes: 7_600_000,
  server: "embedded",
};
const left: ListedDatabase = {
  name: "shop_template",
  worker: "template",
  run: { pid: 99, host: "ci-7", directory: "/builds/shop" },
  isLive: false,
  madeAt: secondsAgo(3 * 3600),
  bytes: 112_000_000,
  server: "localhost:5432",
};
const nameless: ListedDatabase = {
  ...left,
  name: "pushproof_new_1",
  worker: null,
  run: { pid: null, host: null, directory: null },
  madeAt: null,
  bytes: null,
};

test("databases are shown in aligned columns of at most 80 characters, their runs beneath", () => {
  const lines = databaseTable([own, left, nameless], [], now);
  expect(lines).toEqual([
    "DATABASE                 WORKER    RUN      LIVE   AGE    SIZE  SERVER",
    "finance_report_test_gw0  gw0       4711     yes   12 s  7.6 MB  embedded",
    "shop_template            template  99@ci-7  no     3 h  112 MB  localhost:5432",
    "pushproof_new_1          -         -        no       -       -  localhost:5432",
    "",
    "Run 4711 verifies /home/ada/finance-report",
    "Run 99@ci-7 is over; it verified /builds/shop",
    "`verify clean` removes what is not live.",
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("a run with several databases is named once", () => {
  const lines = databaseTable([own, { ...own, name: "finance_report_test_gw1", worker: "gw1" }], [], now);
  expect(lines.filter((line) => line.startsWith("Run "))).toHaveLength(1);
});

test("where all is live, nothing is said about cleaning", () => {
  expect(databaseTable([own], [], now).join("\n")).not.toContain("clean");
});

test("no database is a sentence of its own", () => {
  expect(databaseTable([], [], now)).toEqual(["No run has a database here."]);
});

test("an embedded server that has ended with its run is named with the remedy", () => {
  expect(databaseTable([], ["/dev/shm/pushproof-postgres-a"], now)).toEqual([
    "No run has a database here.",
    "/dev/shm/pushproof-postgres-a was left by an embedded server that was killed too.",
    "`verify clean` removes what is not live.",
  ]);
});

test("a name cannot steer the terminal", () => {
  const [, line] = databaseTable([{ ...own, name: "shop\u001b[2J\n_gw0" }], [], now);
  expect(line).toMatch(/^shop _gw0 {2}/);
});
