import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openOutput } from "../../../src/report/terminal/open-output.ts";
import type { Environment } from "../../../src/shared/world.ts";
import { FakeTerminal } from "../../support/fake-terminal.ts";

function open(isTTY: boolean, environment: Environment = {}) {
  return openOutput(Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 }), environment);
}

test("a terminal breaks sentences between words, and leaves what is laid out as it is", async () => {
  const terminal = new FakeTerminal(12);
  const output = await openOutput(terminal, { TERM: "xterm" });
  output.say("  a note on something");
  output.print("npx verify x --fresh");
  expect(terminal.text).toBe("  a note on\n    something\nnpx verify x --fresh\n");
});

test.each<[string, Environment]>([
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["a dumb terminal", { TERM: "dumb" }],
])("there are no colors with %s", async (_name, environment) => {
  expect((await open(true, environment)).colors.green("text")).toBe("text");
});

test.each<[string, boolean, Environment, boolean]>([
  ["a terminal has colors", true, {}, true],
  ["a pipe has none", false, {}, false],
  ["FORCE_COLOR gives a pipe colors", false, { FORCE_COLOR: "1" }, true],
  ["FORCE_COLOR=0 takes them from a terminal", true, { FORCE_COLOR: "0" }, false],
  ["NO_COLOR weighs more than FORCE_COLOR", true, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ["an empty NO_COLOR says nothing", true, { NO_COLOR: "" }, true],
])("%s", async (_, isTTY, environment, hasColors) => {
  expect((await open(isTTY, environment)).colors.green("text") !== "text").toBe(hasColors);
});

test.each<[string, Environment, boolean]>([
  ["a terminal is drawn on", {}, true],
  ["CI=false is no CI", { CI: "false" }, true],
  ["a dumb terminal gets plain lines", { TERM: "dumb" }, false],
  ["CI gets plain lines even where it has a terminal", { CI: "true" }, false],
])("%s", async (_, environment, isLive) => {
  const { area, screen } = await open(true, environment);
  expect([area !== null, screen.wraps]).toEqual([isLive, isLive]);
});
