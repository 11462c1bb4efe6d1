import { expect, test } from "vitest";
import { logsIn } from "../../src/suite/logs.ts";

const openLogs = () => logsIn({ directory: "/repo/.verify/logs", name: ".verify/logs" });

test("a log is called after its subject", () => {
  expect(openLogs()("api v1.2")).toEqual({
    path: "/repo/.verify/logs/api-v1.2.log",
    name: ".verify/logs/api-v1.2.log",
  });
});

test("letters of every script are kept", () => {
  const logs = openLogs();
  expect(["前端", "後端", "हिन्दी"].map((name) => logs(name).name)).toEqual([
    ".verify/logs/前端.log",
    ".verify/logs/後端.log",
    ".verify/logs/हिन्दी.log",
  ]);
});

test("names that come to the same file get files of their own", () => {
  const logs = openLogs();
  const names = ["a b", "a-b", "A B", "a-b-2"].map((name) => logs(name).name);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(4);
});

test.each(["..", ".", "/", "../../etc/passwd", ".hidden", "a/../b"])(
  "a log called %s stays in its directory",
  (name) => {
    expect(openLogs()(name).path).toMatch(/^\/repo\/\.verify\/logs\/[^./][^/]*\.log$/);
  },
);

test("a long name is cut", () => {
  expect(Buffer.byteLength(openLogs()("漢".repeat(300)).path)).toBeLessThan(255);
});
