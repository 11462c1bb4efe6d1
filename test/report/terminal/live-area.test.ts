import { beforeEach, expect, test } from "vitest";
import { LiveArea } from "../../../src/report/terminal/live-area.ts";
import { FakeTerminal } from "../../support/fake-terminal.ts";

let terminal: FakeTerminal;
let area: LiveArea;

beforeEach(() => {
  terminal = new FakeTerminal(20);
  area = new LiveArea(terminal);
  terminal.write("before\n");
});

/** Streams hand on what they are given a little later. */
async function seen(): Promise<string> {
  await new Promise(setImmediate);
  return terminal.screen;
}

test("lines that get shorter or fewer leave nothing behind", async () => {
  area.draw(["a long line", "another", "a third"]);
  area.draw(["short", "x"]);
  expect(await seen()).toBe("before\nshort\nx");
});

test("what is written above stays, the area goes on below it", async () => {
  area.draw(["one", "two"]);
  area.writeAbove("failed");
  area.draw(["three"]);
  expect(await seen()).toBe("before\nfailed\nthree");
});

test("a line that is wider than the window takes one row all the same", async () => {
  area.draw(["x".repeat(50), "two"]);
  area.draw(["one"]);
  expect(await seen()).toBe("before\none");
});

test("a window that becomes narrower, and wider again, leaves nothing behind", async () => {
  area.draw(["x".repeat(19), "y".repeat(12)]);
  await seen();
  terminal.resize(10);
  area.draw(["narrow"]);
  expect(await seen()).toBe("before\nnarrow");
  terminal.resize(40);
  area.draw(["wide again"]);
  expect(await seen()).toBe("before\nwide again");
});

test("what was typed meanwhile is taken away", async () => {
  area.draw(["one"]);
  terminal.write("^C");
  area.end("ended");
  expect(await seen()).toBe("before\nended");
});

test("the cursor is hidden while the area is there, and back at its end", async () => {
  area.draw(["one"]);
  await seen();
  expect(terminal.cursorIsShown).toBe(false);
  area.end("ended");
  await seen();
  expect(terminal.cursorIsShown).toBe(true);
});

test("however often it is drawn, one listener waits for the end of the process, and none when it has ended", () => {
  const before = process.listenerCount("exit");
  area.draw(["one"]);
  area.draw(["two"]);
  area.writeAbove("above");
  expect(process.listenerCount("exit")).toBe(before + 1);
  area.end("ended");
  expect(process.listenerCount("exit")).toBe(before);
});

test("where the shell has its terminal back, nothing is drawn over it, and what is to stay comes below", async () => {
  let isOurs = true;
  area = new LiveArea(terminal, () => isOurs);
  area.draw(["one", "two"]);
  isOurs = false;
  terminal.write("$ ");
  area.draw(["three"]);
  area.end("Interrupted.");
  expect(await seen()).toBe("before\none\ntwo\n$\nInterrupted.");
});
