import picocolors from "picocolors";
import { expect, test } from "vitest";
import { RunningSuiteView } from "../../../src/report/terminal/suite-view.ts";
import { redactor } from "../../../src/shared/redact.ts";
import type { Progress } from "../../../src/suite/progress/facts.ts";
import { RunningSuite, type RunningSuiteFacts } from "../../../src/suite/progress/running-suite.ts";

const colors = picocolors.createColors(false);

function process(progress: Partial<Progress> = {}): Progress {
  return {
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
  };
}

function show(progress: Partial<Progress>, facts: Partial<RunningSuiteFacts> = {}) {
  const suite = new RunningSuite({
    checkoutRoot: "/checkout",
    workers: 2,
    durations: new Map(),
    redact: redactor(["secret-word"]),
    ...facts,
  });
  suite.follow(process(progress));
  const view = new RunningSuiteView(suite);
  return {
    suite,
    phrase: () => view.phrase(),
    lines: () => view.lines({ columns: 100, rows: 20 }, colors),
    news: () => view.news(100, colors),
  };
}

test("files are named relative to the checkout, however the runner names them", () => {
  const workers = new Map([
    ["gw0", { file: "tests/test_a.py", done: 1, failed: 0 }],
    ["gw1", { file: "/checkout/web/b.test.ts", done: 2, failed: 1 }],
    ["gw10", { file: "/elsewhere/c.py", done: 0, failed: 0 }],
    ["gw2", { file: "", done: 0, failed: 0 }],
  ]);
  const lines = show({ workers }).lines().slice(1);
  expect(lines.map((line) => line.replaceAll(/ +/g, " ").trim())).toEqual([
    "gw0 app/tests/test_a.py 1 done",
    "gw1 web/b.test.ts 2 done 1 failed",
    "gw2 0 done",
    "gw10 /elsewhere/c.py 0 done",
  ]);
});

test("failures are told without their passwords and what steers a terminal, each once", () => {
  const failures = [
    { worker: "gw0", file: "tests/test_a.py", name: "tests/test_a.py::test_x[secret-word]" },
    { worker: undefined, file: "/checkout/b.test.ts", name: "b\u001b[2J › c\nd" },
  ];
  const { news } = show({ failures });
  expect(news()).toEqual(["✘ app/tests/test_a.py › test_x[***] (gw0)", "✘ b.test.ts › b › c d"]);
  expect(news()).toEqual([]);
});

test("what fails again as it runs alone is no other failure, and its progress not the suite's", () => {
  const { suite, phrase, lines, news } = show({});
  suite.rerun("running 1 failed test alone, 0 done");
  suite.follow(process({ failed: 1, failures: [{ worker: "gw0", file: "a", name: "x" }] }));
  expect(phrase()).toBe("running 1 failed test alone, 0 done");
  expect([...lines(), ...news()]).toEqual([]);
});

test("a failure that is told just before the reruns is told", () => {
  const { suite, news } = show({ failures: [{ worker: "gw0", file: "a.py", name: "a.py::x" }] });
  suite.rerun("running 1 failed test alone, 0 done");
  expect(news()).toEqual(["✘ app/a.py › x (gw0)"]);
});

test("the time left goes by what the files took before, and how far they are", () => {
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
  // a.py took all its 100 s; 50 s of b.py and 80 s of c.py are left, side by side.
  expect(show({ visits }, { durations }).phrase()).toBe("1 of 4 tests, about 1 min 20 s left");
});

test("nothing is said of the time where nothing is recorded, or no file was begun", () => {
  const visits = [{ worker: "gw0", file: "a.py", at: Date.now() }];
  const unknown = show({ visits });
  const idle = show({}, { durations: new Map([["app/a.py", 9]]) });
  expect([unknown.phrase(), idle.phrase()]).toEqual(["1 of 4 tests", "1 of 4 tests"]);
});

test("where a suite begins anew, its tests are counted once, and its failures so far are told", () => {
  const failures = [{ worker: "gw0", file: "a.py", name: "a.py::x" }];
  const { suite, phrase, news } = show({ total: 20, done: 0, failures });
  suite.startAgain();
  suite.follow(process({ total: 10, done: 3 }));
  suite.follow(process({ total: 10, done: 3 }));
  expect(phrase()).toContain("6 of 20 tests");
  expect(news()).toEqual(["✘ app/a.py › x (gw0)"]);
});

test("a test that has been running for long is named, with the worker it is on and since when", () => {
  const now = Date.now();
  const running = [
    { worker: "gw0", file: "tests/test_a.py", name: "tests/test_a.py::test_hangs", since: now - 45_000 },
    { worker: "gw1", file: "tests/test_b.py", name: "tests/test_b.py::test_begins", since: now - 2_000 },
  ];
  const { phrase } = show({ running });
  expect(phrase()).toContain("gw0 in app/tests/test_a.py › test_hangs for 45 s");
  expect(phrase()).not.toContain("test_begins");
});

test("what keeps a process alive after its tests is said once", () => {
  const { news } = show({ keptAlive: { by: ["a timer", "a connection to the database"], isEnded: false } });
  expect([...news(), ...news()]).toEqual([
    "  The tests are over, and the process has not ended yet: a timer, a connection to the database keep it alive.",
  ]);
});
