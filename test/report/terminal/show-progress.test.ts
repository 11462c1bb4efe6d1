import { setTimeout } from "node:timers/promises";
import picocolors from "picocolors";
import { afterEach, expect, test } from "vitest";
import type { Stage } from "../../../src/report/terminal/display.ts";
import { type ProgressDisplay, type ShownSuite, showProgress } from "../../../src/report/terminal/show-progress.ts";
import { redactor } from "../../../src/shared/redact.ts";
import type { Progress } from "../../../src/suite/progress/listen.ts";

const colors = picocolors.createColors(false);
let shown: ProgressDisplay | undefined;
afterEach(() => shown?.end());

function show(progress: Partial<Progress>, suite: Partial<ShownSuite> = {}) {
  const seen = { phrase: "", lines: [] as readonly string[], said: [] as string[] };
  const stage: Stage = {
    progress: (phrase, lines) => {
      seen.phrase = phrase;
      seen.lines = lines?.({ columns: 100, rows: 20 }, colors) ?? [];
    },
    say: (write) => void seen.said.push(write(100, colors)),
  };
  shown = showProgress(stage, {
    checkoutRoot: "/checkout",
    workers: 2,
    durations: new Map(),
    redact: redactor(["secret-word"]),
    ...suite,
  });
  shown.follow({
    total: 4,
    isTotalFinal: true,
    done: 1,
    failed: 0,
    skipped: 0,
    workers: new Map(),
    failures: [],
    visits: [],
    root: "/checkout/app",
    keptAlive: null,
    running: [],
    ...progress,
  });
  return seen;
}

test("files are named relative to the checkout, however the runner names them", async () => {
  const workers = new Map([
    ["gw0", { file: "tests/test_a.py", done: 1, failed: 0 }],
    ["gw1", { file: "/checkout/web/b.test.ts", done: 2, failed: 1 }],
    ["gw10", { file: "/elsewhere/c.py", done: 0, failed: 0 }],
    ["gw2", { file: "", done: 0, failed: 0 }],
  ]);
  const seen = show({ workers });
  await setTimeout(150);
  expect(seen.lines.slice(1).map((line) => line.replaceAll(/ +/g, " ").trim())).toEqual([
    "gw0 app/tests/test_a.py 1 done",
    "gw1 web/b.test.ts 2 done 1 failed",
    "gw2 0 done",
    "gw10 /elsewhere/c.py 0 done",
  ]);
});

test("failures are told as they happen, without their passwords and what steers a terminal", async () => {
  const failures = [
    { worker: "gw0", file: "tests/test_a.py", name: "tests/test_a.py::test_x[secret-word]" },
    { worker: undefined, file: "/checkout/b.test.ts", name: "b\u001b[2J › c\nd" },
  ];
  const seen = show({ failures });
  await setTimeout(250);
  expect(seen.said).toEqual(["✘ app/tests/test_a.py › test_x[***] (gw0)", "✘ b.test.ts › b › c d"]);
});

test("what fails again as it runs alone is no other failure, and its progress not the suite's", async () => {
  const seen = show({});
  shown?.rerun("running 1 failed test alone, 0 done");
  const failures = [{ worker: "gw0", file: "a", name: "x" }];
  const workers = new Map();
  shown?.follow({
    total: 1,
    isTotalFinal: true,
    done: 1,
    failed: 1,
    skipped: 0,
    workers,
    failures,
    visits: [],
    root: null,
    keptAlive: null,
    running: [],
  });
  await setTimeout(150);
  shown?.end();
  expect(seen.phrase).toBe("running 1 failed test alone, 0 done");
  expect(seen.said).toEqual([]);
});

test("a failure that is told at the very end is told", () => {
  const seen = show({ failures: [{ worker: "gw0", file: "a.py", name: "a.py::x" }] });
  shown?.end();
  expect(seen.said).toEqual(["✘ app/a.py › x (gw0)"]);
});

test("the time left goes by what the files took before, and how far they are", async () => {
  const durations = new Map([
    ["app/a.py", 100],
    ["app/b.py", 100],
    ["app/c.py", 100],
  ]);
  const now = Date.now();
  const visits = [
    { worker: "gw0", file: "a.py", at: now - 120_000 },
    { worker: "gw1", file: "b.py", at: now - 50_000 },
    { worker: "gw0", file: "c.py", at: now - 20_000 },
  ];
  const seen = show({ visits }, { durations });
  await setTimeout(150);
  // a.py took all its 100 s; 50 s of b.py and 80 s of c.py are left, side by side.
  expect(seen.phrase).toBe("1 of 4 tests, about 1 min 20 s left");
});

test("nothing is said of the time where nothing is recorded, or no file was begun", async () => {
  const visits = [{ worker: "gw0", file: "a.py", at: Date.now() }];
  const unknown = show({ visits });
  await setTimeout(150);
  shown?.end();
  const idle = show({}, { durations: new Map([["app/a.py", 9]]) });
  await setTimeout(150);
  expect([unknown.phrase, idle.phrase]).toEqual(["1 of 4 tests", "1 of 4 tests"]);
});

test("where a suite begins anew, its tests are counted once", async () => {
  const seen = show({ total: 20, done: 0 });
  shown?.startAgain();
  const share = {
    total: 10,
    isTotalFinal: true,
    done: 3,
    failed: 0,
    skipped: 0,
    workers: new Map(),
    failures: [],
    visits: [],
  };
  shown?.follow({ ...share, root: null, keptAlive: null, running: [] });
  shown?.follow({ ...share, root: null, keptAlive: null, running: [] });
  await setTimeout(150);
  expect(seen.phrase).toContain("6 of 20 tests");
});

test("a test that has been running for long is named, with the worker it is on and since when", async () => {
  const now = Date.now();
  const running = [
    { worker: "gw0", file: "tests/test_a.py", name: "tests/test_a.py::test_hangs", since: now - 45_000 },
    { worker: "gw1", file: "tests/test_b.py", name: "tests/test_b.py::test_begins", since: now - 2_000 },
  ];
  const seen = show({ running });
  await setTimeout(150);
  expect(seen.phrase).toContain("gw0 in app/tests/test_a.py › test_hangs for 45 s");
  expect(seen.phrase).not.toContain("test_begins");
});

test("what keeps a process alive after its tests is said once", async () => {
  const seen = show({ keptAlive: { by: ["a timer", "a connection to the database"], isEnded: false } });
  await setTimeout(250);
  expect(seen.said).toEqual([
    "  The tests are over, and the process has not ended yet: a timer, a connection to the database keep it alive.",
  ]);
});
