import { expect, test } from "vitest";
import type { Rejection } from "../../../src/database/provision.ts";
import { RequestError, UnavailableError } from "../../../src/shared/errors.ts";
import type { Visit } from "../../../src/suite/progress/facts.ts";
import { groupRejections, withRejections } from "../../../src/suite/results/audit.ts";

const refused = (worker: Rejection["worker"], at: number, database = "ledger_test_gw0"): Rejection => ({
  worker,
  database,
  at: new Date(at),
});

function group(rejections: readonly Rejection[], visits: readonly Visit[], root: string | null = "/checkout") {
  return groupRejections(rejections, { visits, root }, "/checkout");
}

test("what a worker tried again and again is one entry that counts, for each database", () => {
  const rejections = [refused("gw1", 1), refused("gw2", 2), refused("gw1", 3), refused("gw1", 4, "ledger_test")];
  expect(group(rejections, [])).toEqual([
    { worker: "gw1", database: "ledger_test", times: 1, files: [] },
    { worker: "gw1", database: "ledger_test_gw0", times: 2, files: [] },
    { worker: "gw2", database: "ledger_test_gw0", times: 1, files: [] },
  ]);
});

test("the file is the one that this worker was in at that time", () => {
  const visits = [
    { worker: "gw1", file: "tests/a.py", at: 100 },
    { worker: "gw0", file: "tests/b.py", at: 150 },
    { worker: "gw1", file: "tests/c.py", at: 200 },
  ];
  expect(group([refused("gw1", 199)], visits)[0]?.files).toEqual(["tests/a.py"]);
  expect(group([refused("gw1", 200)], visits)[0]?.files).toEqual(["tests/c.py"]);
});

test("each file is named once, in the order in which it came to it", () => {
  const visits = [
    { worker: "gw1", file: "tests/z.py", at: 100 },
    { worker: "gw1", file: "tests/a.py", at: 200 },
  ];
  const rejections = [refused("gw1", 110), refused("gw1", 120), refused("gw1", 210)];
  expect(group(rejections, visits)[0]).toMatchObject({ times: 3, files: ["tests/z.py", "tests/a.py"] });
});

test("what happens before a worker's first file, and in the coordinator, is in no file", () => {
  const visits = [{ worker: "gw1", file: "tests/a.py", at: 100 }];
  expect(group([refused("gw1", 99), refused("coordinator", 300)], visits).map(({ files }) => files)).toEqual([[], []]);
});

test("files are named from the checkout's root, whatever the runner names them from", () => {
  const visits = [
    { worker: "gw0", file: "tests/a.py", at: 1 },
    { worker: "gw1", file: "/checkout/apps/web/b.test.js", at: 1 },
  ];
  const [first, second] = group([refused("gw0", 2), refused("gw1", 2)], visits, "/checkout/apps/backend");
  expect(first?.files).toEqual(["apps/backend/tests/a.py"]);
  expect(second?.files).toEqual(["apps/web/b.test.js"]);
});

test("a suite that could not run is told what the server refused, and what to do", () => {
  const rejections = group([refused("coordinator", 1, "ledger_test_coordinator")], []);
  const error = withRejections(new UnavailableError("backend: `pytest` exited with 3."), rejections);
  expect(error).toBeInstanceOf(UnavailableError);
  expect((error as Error).message).toBe(
    "backend: `pytest` exited with 3.\n" +
      "The process that coordinates the workers tried to reach ledger_test_coordinator.\n" +
      'Code outside a worker (global setup, a conftest\'s import) has no database: set "parallel": "processes" in the suite, or do it in "database.setup".',
  );
});

test("an error that is no suite's, and one without rejections, stays as it is", () => {
  const wrong = new RequestError("no");
  const unavailable = new UnavailableError("no");
  expect(withRejections(wrong, group([refused("gw0", 1)], []))).toBe(wrong);
  expect(withRejections(unavailable, [])).toBe(unavailable);
});
