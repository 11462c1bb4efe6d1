import picocolors from "picocolors";
import { expect, test } from "vitest";
import { failureLine, ToldFailures } from "../../../src/report/terminal/told-failures.ts";
import { widthOf } from "../../../src/report/terminal/width.ts";

const colors = picocolors.createColors(false);
const failure = { worker: "gw1", file: "tests/accounting/test_a.py", name: "test_x" };

function collect(): { told: ToldFailures; lines: string[] } {
  const lines: string[] = [];
  return {
    told: new ToldFailures({ progress: () => {}, say: (write) => void lines.push(write(80, colors)) }),
    lines,
  };
}

test("a failure is told once", () => {
  const { told, lines } = collect();
  told.tell(failure);
  told.tell(failure);
  told.tell({ ...failure, name: "test_y" });
  expect(lines).toEqual(["✘ tests/accounting/test_a.py › test_x (gw1)", "✘ tests/accounting/test_a.py › test_y (gw1)"]);
});

test("after ten failures one line says that there are more", () => {
  const { told, lines } = collect();
  for (let index = 0; index < 30; index += 1) told.tell({ ...failure, name: `test_${index}` });
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("… more failures: see the end");
});

test("a worker that is the only one, or not known, is not named", () => {
  for (const worker of ["master", undefined])
    expect(failureLine({ ...failure, worker }, 80, colors)).toBe("✘ tests/accounting/test_a.py › test_x");
});

test.each(["/work/shop/tests/accounting/test_a.py", "tests/accounting/test_a.py"])(
  "a file that failed as a whole is named once, and not as %s",
  (name) => {
    expect(failureLine({ ...failure, name }, 80, colors)).toBe("✘ tests/accounting/test_a.py (gw1)");
    expect(widthOf(failureLine({ ...failure, name }, 20, colors))).toBeLessThanOrEqual(20);
  },
);

test("where there is no room the test has a line of its own", () => {
  expect(failureLine(failure, 30, colors)).toBe("✘ tests/accounting/test_a.py\n  › test_x (gw1)");
  expect(failureLine({ ...failure, name: "test_of_something_long" }, 20, colors)).toBe(
    "✘ …/test_a.py\n  › test_of_s… (gw1)",
  );
});

test.each([80, 40, 20, 12])("no line is wider than %i columns", (columns) => {
  const long = { ...failure, file: `${"a/".repeat(90)}${"b".repeat(90)}.py`, name: "c".repeat(300) };
  for (const line of failureLine(long, columns, colors).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
});
