import { appendFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import { compareWithHistory, History, type HistoryEntry, historyEntry } from "../../src/report/history.ts";
import { historyLines } from "../../src/report/terminal/history-lines.ts";
import { makeDirectory } from "../support/repository.ts";
import { failedSummary, sampleSummary } from "./sample.ts";

/** The entry of a run; a test says what it is about. */
function entry(changed: Partial<HistoryEntry> = {}, summary: Partial<Summary> = {}): HistoryEntry {
  return { ...(historyEntry(sampleSummary(summary)) as HistoryEntry), ...changed };
}

const at = (minute: number): string => `2026-01-27T10:${String(minute).padStart(2, "0")}:00.000Z`;
const about = { suites: ["backend"], base: "main" };

describe("the history of a repository", () => {
  test("gives the last runs, oldest first", async () => {
    const history = new History(await makeDirectory());
    for (const minute of [1, 2, 3]) await history.add(entry({ at: at(minute) }));
    expect((await history.last(2)).map((run) => run.at)).toEqual([at(2), at(3)]);
  });

  test("goes over the end of a month", async () => {
    const history = new History(await makeDirectory());
    await history.add(entry({ at: "2026-01-31T23:59:00.000Z" }));
    await history.add(entry({ at: "2026-02-01T00:01:00.000Z" }));
    expect(await history.last(5)).toHaveLength(2);
  });

  test("keeps every one of many runs that end at once, each in one line", async () => {
    const directory = await makeDirectory();
    const write = (index: number): Promise<void> =>
      new History(directory).add(entry({ at: at(index % 60), seconds: index }));
    await Promise.all(Array.from({ length: 200 }, (_, index) => write(index)));
    const seconds = (await new History(directory).last(500)).map((run) => run.seconds);
    expect(seconds.sort((left, right) => left - right)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  test("passes over what is damaged", async () => {
    const directory = await makeDirectory();
    const history = new History(directory);
    await history.add(entry({ at: at(1) }));
    await appendFile(join(directory, "verify/history/2026-01.jsonl"), '{"schema":1,"at":\nnull\n{"schema":2}\n');
    await history.add(entry({ at: at(2) }));
    expect(await history.last(5)).toHaveLength(2);
  });

  test("is pruned by the month, a year back", async () => {
    const directory = await makeDirectory();
    await mkdir(join(directory, "verify/history"), { recursive: true });
    for (const month of ["2025-01", "2025-02", "2025-12"]) {
      await writeFile(join(directory, `verify/history/${month}.jsonl`), "");
    }
    await new History(directory).add(entry({ at: at(1) }));
    expect((await readdir(join(directory, "verify/history"))).sort()).toEqual([
      "2025-02.jsonl",
      "2025-12.jsonl",
      "2026-01.jsonl",
    ]);
  });

  test("that cannot be written costs no verdict", async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, "verify"), "a file");
    await expect(new History(directory).add(entry())).resolves.toBeUndefined();
    expect(await new History(directory).last(5)).toEqual([]);
  });

  test("has no run in which nothing ran", () => {
    expect(historyEntry(sampleSummary({ suites: [] }))).toBeNull();
    expect(historyEntry(sampleSummary({ receipt: { tree: "t", reused: true } }))).toBeNull();
  });

  test("has a line that stays short, however long the names of races are", () => {
    const race = { file: "a".repeat(5_000), name: "b".repeat(5_000), message: "", kind: "race" } as const;
    const [suite] = sampleSummary().suites;
    const suites = suite === undefined ? [] : [{ ...suite, failures: Array.from({ length: 50 }, () => race) }];
    expect(JSON.stringify(historyEntry(sampleSummary({ suites }))).length).toBeLessThan(4_096);
  });
});

describe("a run is compared", () => {
  test("with the last verified one of the base branch", () => {
    const entries = [
      entry({ at: at(1), branch: "main", seconds: 1 }),
      entry({ at: at(2), branch: "main", seconds: 2 }),
      entry({ at: at(3), branch: "main", seconds: 3, verdict: "failed" }),
      entry({ at: at(4), branch: "other", seconds: 4 }),
      entry({ at: at(5), branch: "main", seconds: 5, isWorkingTree: true }),
    ];
    expect(compareWithHistory(entries, about).base?.seconds).toBe(2);
  });

  test("with the last verified serial one", () => {
    const entries = [entry({ at: at(1), workers: 1, seconds: 9 }), entry({ at: at(2), workers: 2 })];
    expect(compareWithHistory(entries, about).serial?.seconds).toBe(9);
  });

  test("with runs of the same suites alone, and whole ones", () => {
    const other = { suites: [{ name: "web", seconds: 1, workSeconds: 1 }] };
    const entries = [entry({ branch: "main", ...other }), entry({ branch: "main", isPartial: true })];
    expect(compareWithHistory(entries, about)).toEqual({ base: null, serial: null, recent: [], races: [] });
  });

  test("with how often a test was a race", () => {
    const race = { file: "tests/test_a.py", name: "test_a" };
    const other = { file: "tests/test_b.py", name: "test_b" };
    const entries = [entry({ races: [other, race] }), entry({ races: [race] }), entry()];
    expect(compareWithHistory(entries, about).races).toEqual([
      { ...race, times: 2 },
      { ...other, times: 1 },
    ]);
  });
});

describe("the history on a terminal", () => {
  const runs = [1, 2, 3].map((minute) =>
    entry({ at: at(minute), branch: "main", seconds: minute * 10, lines: { covered: 900 + minute, total: 1000 } }),
  );

  test("lists the runs, newest first, then the trends", () => {
    expect(historyLines(runs, 100)).toEqual([
      "Last runs:",
      "  ✔ 01-27 10:03  3f2c1ab main            30.0 s ████████  90.30 %  804 passed, 2 skipped",
      "  ✔ 01-27 10:02  3f2c1ab main            20.0 s █████     90.20 %  804 passed, 2 skipped",
      "  ✔ 01-27 10:01  3f2c1ab main            10.0 s ███       90.10 %  804 passed, 2 skipped",
      "",
      "Time      ▁▅█  30.0 s (10.0 s to 30.0 s)",
      "Coverage  ▁▅█  90.30 % (90.10 % 2 runs before)",
    ]);
  });

  test.each([40, 60, 80, 120])("has no line that is longer than %d columns", (columns) => {
    const long = entry({ branch: `feature/${"x".repeat(200)}`, verdict: "failed", isPartial: true });
    for (const line of historyLines([...runs, long], columns)) expect([...line].length).toBeLessThanOrEqual(columns);
  });

  test("without runs shows nothing, with one no trend", () => {
    expect(historyLines([], 80)).toEqual([]);
    expect(historyLines(runs.slice(0, 1), 80)).toHaveLength(2);
  });

  test("marks what failed, and what was no whole run", () => {
    const failed = historyEntry(failedSummary()) as HistoryEntry;
    expect(historyLines([failed, { ...failed, isWorkingTree: true }], 140).join("\n")).toMatch(/✘.* \(working tree\)/);
  });

  test("draws values that are all alike as a line in the middle", () => {
    const times = (...all: number[]) =>
      historyLines(
        all.map((seconds) => entry({ branch: "main", seconds })),
        100,
      );
    expect(times(5, 5, 5)).toContainEqual(expect.stringMatching(/^Time {6}▄▄▄ /));
    expect(times(0, 7)).toContainEqual(expect.stringMatching(/^Time {6}▁█ /));
  });
});
