import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { openDisplay } from "../../../src/report/terminal/display.ts";
import type { Environment } from "../../../src/shared/world.ts";
import { FakeTerminal } from "../../support/fake-terminal.ts";

function open(options: { terminal: boolean; environment?: Environment }) {
  const stream = Object.assign(new PassThrough(), { isTTY: options.terminal, columns: 80, rows: 24 });
  let written = "";
  stream.on("data", (chunk) => {
    written += chunk;
  });
  return { display: openDisplay(stream, options.environment ?? {}), written: () => written };
}

test("where there is no terminal a stage is one plain line when it has ended", async () => {
  const { display, written } = open({ terminal: false });
  const value = await display.stage(
    "Database",
    async (stage) => stage.progress("starting") ?? 7,
    (seven) => `ready ${seven}`,
  );
  expect(value).toBe(7);
  expect(written()).toMatch(/^✔ Database: ready 7 \(\d+ ms\)\n$/);
});

test("where there is no terminal a stage that fails is one plain line, and the error is passed on", async () => {
  const { display, written } = open({ terminal: false });
  const failing = display.stage("Database", () => Promise.reject(new Error("no")), String);
  await expect(failing).rejects.toThrow("no");
  expect(written()).toMatch(/^✘ Database \(\d+ ms\)\n$/);
});

test.each([false, true])(
  "a stage that comes to its end with bad news is marked as such, on a terminal: %s",
  async (terminal) => {
    const { display, written } = open({ terminal });
    await display.stage(
      "lint",
      async () => false,
      (passed) => ({ text: passed ? "passed" : "failed", isBad: !passed }),
    );
    expect(stripVTControlCharacters(written())).toMatch(/✘ lint: failed/);
    expect(written()).not.toContain("✔");
  },
);

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a terminal shows how far a stage is, and what each worker does", async () => {
  const terminal = new FakeTerminal(40);
  const display = openDisplay(terminal, { TERM: "xterm" });
  await display.stage(
    "backend",
    async (stage) => {
      stage.progress("collecting tests");
      await pause(150);
      expect(terminal.screen).toMatch(/^[⠋-⣿] backend: collecting tests \d/);
      stage.progress("1 of 2 tests", ({ columns }) => [
        `  1 of 2 tests in ${columns} columns`,
        "  gw0  tests/test_a.py",
      ]);
      await pause(150);
      expect(terminal.screen).toMatch(/^. backend \d.*\n {2}1 of 2 tests in 39 columns\n {2}gw0 {2}tests\/test_a\.py$/);
      stage.say(() => "✘ tests/test_a.py › test_x");
      await pause(150);
      expect(terminal.screen).toMatch(/^✘ tests\/test_a\.py › test_x\n. backend \d/);
    },
    () => "1 passed, and so on and on and on",
  );
  await pause(0);
  expect(terminal.screen).toMatch(
    /^✘ tests\/test_a\.py › test_x\n✔ backend: 1 passed, and so on and on\n {4}and on \(\d.*\)$/,
  );
});

test("a terminal shows a stage that fails, and the error is passed on", async () => {
  const terminal = new FakeTerminal(80);
  const display = openDisplay(terminal, { TERM: "xterm" });
  await expect(display.stage("backend", () => Promise.reject(new Error("no")), String)).rejects.toThrow("no");
  await pause(0);
  expect(terminal.screen).toMatch(/^✘ backend \(\d+ ms\)$/);
  expect(terminal.cursorIsShown).toBe(true);
});

test("a terminal breaks sentences between words, and leaves what is laid out as it is", async () => {
  const terminal = new FakeTerminal(12);
  const display = openDisplay(terminal, { TERM: "xterm" });
  display.say("  a note on something");
  display.print("npx verify x --fresh");
  await pause(0);
  expect(terminal.text).toBe("  a note on\n    something\nnpx verify x --fresh\n");
});

test("where there is no terminal failures are told as they happen, and how far it is seldom", async () => {
  const { display, written } = open({ terminal: false });
  await display.stage(
    "backend",
    async (stage) => {
      stage.progress("1 of 2 tests");
      stage.say(() => "✘ tests/test_a.py › test_x");
      expect(written()).toBe("✘ tests/test_a.py › test_x\n");
    },
    () => "1 passed",
  );
});

test.each<[string, Environment]>([
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["a dumb terminal", { TERM: "dumb" }],
])("there are no colors with %s", (_name, environment) => {
  const { display } = open({ terminal: true, environment });
  expect(display.colors.green("text")).toBe("text");
});

test.each<[string, boolean, Environment, boolean]>([
  ["a terminal has colors", true, {}, true],
  ["a pipe has none", false, {}, false],
  ["FORCE_COLOR gives a pipe colors", false, { FORCE_COLOR: "1" }, true],
  ["FORCE_COLOR=0 takes them from a terminal", true, { FORCE_COLOR: "0" }, false],
  ["NO_COLOR weighs more than FORCE_COLOR", true, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ["an empty NO_COLOR says nothing", true, { NO_COLOR: "" }, true],
])("%s", (_, terminal, environment, hasColors) => {
  const { display } = open({ terminal, environment });
  expect(display.colors.green("text") !== "text").toBe(hasColors);
});

test("CI=false is no CI", async () => {
  const terminal = new FakeTerminal(80);
  const display = openDisplay(terminal, { CI: "false" });
  expect(display.screen).toEqual({ columns: 80, rows: 24, wraps: true });
});

test("a dumb terminal gets plain lines", () => {
  const { display } = open({ terminal: true, environment: { TERM: "dumb" } });
  expect(display.screen.wraps).toBe(false);
});

test("CI gets plain lines even where it has a terminal", async () => {
  const { display, written } = open({ terminal: true, environment: { CI: "true" } });
  await display.stage(
    "Checkout",
    async () => 1,
    () => "in place",
  );
  expect(stripVTControlCharacters(written())).toMatch(/^✔ Checkout: in place \(\d+ ms\)\n$/);
});
