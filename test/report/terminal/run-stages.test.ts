import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openOutput } from "../../../src/report/terminal/open-output.ts";
import type { Output } from "../../../src/report/terminal/output.ts";
import { runStages, showStage } from "../../../src/report/terminal/run-stages.ts";
import { type Stage, type StageView, sideBySide, stage } from "../../../src/report/terminal/stage.ts";
import { FakeTerminal } from "../../support/fake-terminal.ts";

// The clock is ours: nothing here waits for it.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => void vi.useRealTimers());

const after = async (milliseconds: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(milliseconds));

async function pipe(): Promise<{ output: Output; written: () => string }> {
  const stream = new PassThrough();
  let written = "";
  stream.on("data", (chunk) => {
    written += chunk;
  });
  return { output: await openOutput(stream, {}), written: () => written };
}

/** A promise that somebody else ends. */
function openGate<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (why: Error) => void } {
  let ends: Pick<ReturnType<typeof openGate<Value>>, "resolve" | "reject"> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    ends = { resolve, reject };
  });
  return { promise, resolve: (value) => ends?.resolve(value), reject: (why) => ends?.reject(why) };
}

/** A stage that runs until its end is set. */
function held(
  title: string,
  view?: StageView,
): { stage: Stage; end: (text: string) => void; fail: (why: string) => void } {
  const gate = openGate<string>();
  return {
    stage: stage(title, async (show) => {
      if (view) show(view);
      return await gate.promise;
    }),
    end: gate.resolve,
    fail: (why) => gate.reject(new Error(why)),
  };
}

test("in a pipe a stage is one plain line when it has ended", async () => {
  const { output, written } = await pipe();
  await runStages([stage("Database", async () => "ready")], output);
  expect(written()).toBe("✔ Database: ready (0 ms)\n");
});

test("in a pipe a stage that throws is one plain line, the error is passed on and nothing runs after it", async () => {
  const { output, written } = await pipe();
  const later = vi.fn(async () => "done");
  const running = runStages([stage("Database", () => Promise.reject(new Error("no"))), stage("later", later)], output);
  await expect(running).rejects.toThrow("no");
  expect(written()).toBe("✘ Database (0 ms)\n");
  expect(later).not.toHaveBeenCalled();
});

test.each([false, true])(
  "a stage that ends badly is marked, and the next one runs, on a terminal: %s",
  async (isTTY) => {
    const terminal = isTTY ? new FakeTerminal(80) : null;
    const { output, written } = terminal
      ? { output: await openOutput(terminal, { TERM: "xterm" }), written: () => terminal.written }
      : await pipe();
    await runStages(
      [stage("lint", async () => ({ text: "failed", isBad: true })), stage("x", async () => "passed")],
      output,
    );
    expect(stripVTControlCharacters(written())).toMatch(/✘ lint: failed.*[\s\S]*✔ x: passed/);
  },
);

test("a stage without words for its end leaves nothing on the screen", async () => {
  const { output, written } = await pipe();
  await runStages([stage("Reports", async () => undefined)], output);
  expect(written()).toBe("");
});

test("in a pipe a stage that takes long says every ten seconds how far it is", async () => {
  const { output, written } = await pipe();
  let done = 0;
  const backend = held("backend", { phrase: () => `${done} of 9 tests` });
  const running = runStages([backend.stage], output);
  await after(9_000);
  expect(written()).toBe("");
  done = 4;
  await after(2_000);
  await after(8_000);
  expect(written()).toBe("  backend: 4 of 9 tests, 10.0 s\n");
  backend.end("9 passed");
  await running;
  expect(written()).toBe("  backend: 4 of 9 tests, 10.0 s\n✔ backend: 9 passed (19.0 s)\n");
});

test("what is new is told as it happens, and at the very end", async () => {
  const { output, written } = await pipe();
  const lines = ["✘ a"];
  const backend = held("backend", { phrase: () => "", news: () => lines.splice(0) });
  const running = runStages([backend.stage], output);
  await after(500);
  expect(written()).toBe("✘ a\n");
  lines.push("✘ b");
  backend.end("2 failed");
  await running;
  expect(written()).toBe("✘ a\n✘ b\n✔ backend: 2 failed (0.5 s)\n");
});

test("a terminal shows how far a stage is, below its title what each worker does, and above it what stays", async () => {
  const terminal = new FakeTerminal(40);
  let lines: readonly string[] = [];
  let news: readonly string[] = [];
  const view = {
    phrase: () => "collecting tests",
    lines: ({ columns }: { columns: number }) => lines.map((line) => `${line} in ${columns} columns`),
    news: () => {
      const told = news;
      news = [];
      return told;
    },
  };
  const backend = held("backend", view);
  const running = runStages([backend.stage], await openOutput(terminal, { TERM: "xterm" }));
  await after(100);
  expect(terminal.screen).toBe("⠹ backend: collecting tests 0.1 s");
  lines = ["  1 of 2 tests", "  gw0"];
  await after(100);
  expect(terminal.screen).toBe("⠸ backend 0.2 s\n  1 of 2 tests in 39 columns\n  gw0 in 39 columns");
  news = ["✘ tests/test_a.py › test_x"];
  lines = [];
  await after(100);
  expect(terminal.screen).toBe("✘ tests/test_a.py › test_x\n⠼ backend: collecting tests 0.3 s");
  backend.end("1 passed, and so on and on and on");
  await running;
  expect(terminal.screen).toBe("✘ tests/test_a.py › test_x\n✔ backend: 1 passed, and so on and on\n    and on (0.3 s)");
  expect(terminal.cursorIsShown).toBe(true);
});

test("a terminal shows a stage that throws, and the error is passed on", async () => {
  const terminal = new FakeTerminal(80);
  const output = await openOutput(terminal, { TERM: "xterm" });
  await expect(runStages([stage("backend", () => Promise.reject(new Error("no")))], output)).rejects.toThrow("no");
  expect(terminal.screen).toBe("✘ backend (0 ms)");
  expect(terminal.cursorIsShown).toBe(true);
});

test("stages that run side by side are shown together, and each ends by itself", async () => {
  const terminal = new FakeTerminal(80);
  const lint = held("lint");
  const database = held("Database", { phrase: () => "starting the server" });
  const running = runStages(
    [sideBySide([lint.stage], [database.stage])],
    await openOutput(terminal, { TERM: "xterm" }),
  );
  await after(100);
  expect(terminal.screen).toMatch(/^. lint 0.1 s\n. Database: starting the server 0.1 s$/);
  database.end("embedded Postgres");
  await after(100);
  expect(terminal.screen).toMatch(/^✔ Database: embedded Postgres \(0.1 s\)\n. lint 0.2 s$/);
  lint.end("passed");
  await running;
  expect(terminal.screen).toBe("✔ Database: embedded Postgres (0.1 s)\n✔ lint: passed (0.2 s)");
});

test("of two stages side by side one that throws ends the run, and the other draws nothing any more", async () => {
  const terminal = new FakeTerminal(80);
  const lint = held("lint");
  const database = held("Database");
  const running = runStages(
    [sideBySide([lint.stage], [database.stage])],
    await openOutput(terminal, { TERM: "xterm" }),
  );
  await after(100);
  lint.fail("no such program");
  await expect(running).rejects.toThrow("no such program");
  database.end("embedded Postgres");
  await after(1_000);
  expect(terminal.screen).toBe("✘ lint (0.1 s)");
});

test("two stages with many lines share the rows of the terminal", async () => {
  const terminal = new FakeTerminal(80, 11);
  const many = { phrase: () => "", lines: () => Array.from({ length: 20 }, (_, index) => `  line ${index}`) };
  const one = held("one", many);
  const two = held("two", many);
  const running = runStages([sideBySide([one.stage], [two.stage])], await openOutput(terminal, { TERM: "xterm" }));
  await after(100);
  expect(terminal.screen.split("\n")).toHaveLength(10);
  one.end("");
  two.end("");
  await running;
});

test("quick work is one line", async () => {
  const { output, written } = await pipe();
  expect(await showStage("Checkout", Promise.resolve(7), output, (value) => `number ${value}`)).toBe(7);
  expect(written()).toBe("✔ Checkout: number 7 (0 ms)\n");
});

test("work that fails at once is one line, and the error is passed on", async () => {
  const { output, written } = await pipe();
  await expect(showStage("Checkout", Promise.reject(new Error("no")), output, String)).rejects.toThrow("no");
  expect(written()).toBe("✘ Checkout (0 ms)\n");
});

test("work that takes a moment is shown while it goes on", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] });
  const terminal = new FakeTerminal(80);
  const gate = openGate<number>();
  const shown = showStage("Checkout", gate.promise, await openOutput(terminal, { TERM: "xterm" }), String);
  await vi.waitFor(async () => {
    await after(100);
    expect(terminal.screen).toMatch(/^. Checkout \d/);
  });
  gate.resolve(7);
  expect(await shown).toBe(7);
  expect(terminal.screen).toMatch(/^✔ Checkout: 7 \([\d.]+ m?s\)$/);
});
