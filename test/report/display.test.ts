import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { openDisplay } from "../../src/report/display.ts";
import type { Environment } from "../../src/world.ts";

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

test("a terminal shows how far a stage is, and what each worker does", async () => {
  const { display, written } = open({ terminal: true, environment: { TERM: "xterm" } });
  await display.stage(
    "backend",
    async (stage) => {
      stage.progress("1 of 2 tests", ["gw0  1 done  tests/test_a.py", "gw1  0 done  tests/test_b.py"]);
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
    () => "2 passed",
  );
  const text = stripVTControlCharacters(written());
  expect(text).toContain("backend: 1 of 2 tests");
  expect(text).toContain("gw1  0 done  tests/test_b.py");
  expect(text).toMatch(/✔ backend: 2 passed \d/);
});

test("a terminal shows a stage that fails, and the error is passed on", async () => {
  const { display, written } = open({ terminal: true, environment: { TERM: "xterm" } });
  await expect(display.stage("backend", () => Promise.reject(new Error("no")), String)).rejects.toThrow("no");
  expect(stripVTControlCharacters(written())).toMatch(/✖ backend \d/);
});

test.each<[string, Environment]>([
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["a dumb terminal", { TERM: "dumb" }],
])("there are no colors with %s", (_name, environment) => {
  const { display } = open({ terminal: true, environment });
  expect(display.colors.green("text")).toBe("text");
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
