import picocolors from "picocolors";
import { expect, test } from "vitest";
import { FailureNews } from "../../../src/report/terminal/failure-news.ts";
import { widthOf } from "../../../src/report/terminal/width.ts";
import type { ReadableTest } from "../../../src/suite/progress/running-suite.ts";

const colors = picocolors.createColors(false);
/** What is said of one failure. */
const failureLine = (failed: ReadableTest, columns: number): string =>
  new FailureNews().of([failed], columns, colors).join("\n");
const failure = { worker: "gw1", file: "tests/accounting/test_a.py", name: "test_x" };

test("a failure is said once", () => {
  const news = new FailureNews();
  const first = news.of([failure, failure], 80, colors);
  expect(first).toEqual(["✘ tests/accounting/test_a.py › test_x (gw1)"]);
  const second = news.of([failure, failure, { ...failure, name: "test_y" }, failure], 80, colors);
  expect(second).toEqual(["✘ tests/accounting/test_a.py › test_y (gw1)"]);
});

test("after ten failures one line says that there are more", () => {
  const failures = Array.from({ length: 30 }, (_, index) => ({ ...failure, name: `test_${index}` }));
  const lines = new FailureNews().of(failures, 80, colors);
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("… more failures: see the end");
});

test("a worker that is the only one, or not known, is not named", () => {
  for (const worker of ["master", undefined])
    expect(failureLine({ ...failure, worker }, 80)).toBe("✘ tests/accounting/test_a.py › test_x");
});

test.each(["/work/shop/tests/accounting/test_a.py", "tests/accounting/test_a.py"])(
  "a file that failed as a whole is named once, and not as %s",
  (name) => {
    expect(failureLine({ ...failure, name }, 80)).toBe("✘ tests/accounting/test_a.py (gw1)");
    expect(widthOf(failureLine({ ...failure, name }, 20))).toBeLessThanOrEqual(20);
  },
);

test("where there is no room the test has a line of its own", () => {
  expect(failureLine(failure, 30)).toBe("✘ tests/accounting/test_a.py\n  › test_x (gw1)");
  expect(failureLine({ ...failure, name: "test_of_something_long" }, 20)).toBe("✘ …/test_a.py\n  › test_of_s… (gw1)");
});

test.each([80, 40, 20, 12])("no line is wider than %i columns", (columns) => {
  const long = { ...failure, file: `${"a/".repeat(90)}${"b".repeat(90)}.py`, name: "c".repeat(300) };
  for (const line of failureLine(long, columns).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
});
