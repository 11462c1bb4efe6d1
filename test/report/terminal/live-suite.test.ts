import picocolors from "picocolors";
import { expect, test } from "vitest";
import { type SuiteView, suiteLines, suitePhrase } from "../../../src/report/terminal/live-suite.ts";
import { widthOf } from "../../../src/report/terminal/width.ts";

const sample: SuiteView = {
  done: 412,
  total: 806,
  isTotalFinal: true,
  failed: 2,
  secondsLeft: 34.2,
  slow: [],
  workers: [
    { name: "gw0", file: "tests/accounting/statements/test_ledger.py", done: 157, failed: 1 },
    { name: "gw1", file: "tests/test_books.py", done: 255, failed: 0 },
  ],
};
const lines = (columns: number, changed: Partial<SuiteView> = {}, rows = 22): string[] =>
  suiteLines({ ...sample, ...changed }, { columns, rows }, picocolors.createColors(false));

test("there are a bar with the time left, and a line for each worker", () => {
  expect(lines(79).join("\n")).toMatchInlineSnapshot(`
    "  [███████████████░░░░░░░░░░░░░░░░] 412 of 806 tests, 2 failed, about 34 s left
      gw0  tests/accounting/statements/test_ledger.py  157 done  1 failed
      gw1  tests/test_books.py                         255 done"
  `);
});

test("on a narrow terminal the bar has a line of its own, and files lose their directories", () => {
  expect(lines(39).join("\n")).toMatchInlineSnapshot(`
    "  [█████████████████░░░░░░░░░░░░░░░░░░]
      412 of 806, 2 failed, about 34 s left
      gw0  test_l…er.py  157 done  1 failed
      gw1  test_b…ks.py  255 done"
  `);
});

test.each([200, 79, 60, 39, 30, 20, 10])("no line is wider than %i columns", (columns) => {
  const workers = [
    ...sample.workers,
    { name: "gw10", file: "tests/测试测试测试测试测试测试测试.py", done: 9, failed: 12 },
  ];
  for (const line of lines(columns, { workers })) expect(widthOf(line)).toBeLessThanOrEqual(columns);
});

test("workers that do not fit are counted", () => {
  const workers = Array.from({ length: 20 }, (_, index) => ({ name: `gw${index}`, file: "t.py", done: 1, failed: 0 }));
  const shown = lines(79, { workers }, 10);
  expect(shown).toHaveLength(10);
  expect(shown.at(-1)).toBe("  … and 12 more workers");
  expect(lines(79, { workers }, 21)).toHaveLength(21);
});

test("a bar is full only when all is done", () => {
  expect(lines(200, { done: 805 })[0]).toContain("█░]");
  expect(lines(200, { done: 806 })[0]).toMatch(/\[█+\]/);
});

test("a bar holds no more than it has room for where more tests ran than were announced", () => {
  expect(lines(79, { done: 9_999 })[0]).toMatch(/\[█+\]/);
});

test("before any test is known there is no bar", () => {
  expect(lines(79, { total: 0 })).toEqual([]);
  expect(suitePhrase({ ...sample, total: 0 })).toBe("collecting tests");
});

test("what is not known is not said", () => {
  expect(suitePhrase({ ...sample, failed: 0, secondsLeft: null, isTotalFinal: false })).toBe(
    "412 of at least 806 tests",
  );
});

test("tests that have been running for long are named, with their worker and since when", () => {
  const slow = [
    { file: "tests/test_a.py", name: "test_waits", worker: "gw1", seconds: 95 },
    { file: "tests/test_b.py", name: "test_too", seconds: 21 },
  ];
  expect(suitePhrase({ ...sample, slow })).toContain(
    "gw1 in tests/test_a.py › test_waits for 1 min, it is in tests/test_b.py › test_too for 21 s",
  );
  expect(lines(100, { slow }).at(-2)).toBe("  gw1 in tests/test_a.py › test_waits for 1 min");
  expect(lines(100, { slow }, 2)).toHaveLength(2);
});

test("the bar is never full while more tests may turn up", () => {
  const [bar = ""] = lines(79, { done: 3, total: 3, failed: 0, isTotalFinal: false });
  expect(bar).toContain("█░] 3 of at least 3 tests");
});
