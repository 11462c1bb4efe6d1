import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { wrapFor } from "../../../src/report/terminal/wrap-for.ts";
import { wrapProse } from "../../../src/shared/explain-error.ts";

const stream = (changed: object): PassThrough => Object.assign(new PassThrough(), changed);
const wrap = await wrapFor(stream({ isTTY: true, columns: 30 }), {});

test("words stay whole on a terminal, and what goes on is set in", () => {
  expect(wrap("! the history is cut off, as this is a shallow clone")).toEqual([
    "! the history is cut off, as",
    "  this is a shallow clone",
  ]);
});

test("a command stays on one line, however long: it is copied", () => {
  expect(wrap("Run `git config --unset core.hooksPath` here, then again.", 0)).toEqual([
    "Run",
    "`git config --unset core.hooksPath`",
    "here, then again.",
  ]);
});

test("lines stay whole where there is no terminal", async () => {
  const line = "word ".repeat(40);
  expect((await wrapFor(stream({}), {}))(line)).toEqual([line]);
  expect((await wrapFor(stream({ isTTY: true, columns: 30 }), { TERM: "dumb" }))(line)).toEqual([line]);
});

test("of a message, what is set in stays as it is: it is copied, or another program's", () => {
  const command = "  mkdir -p .husky && mv .git/hooks/pre-push .husky/pre-push";
  const message = `The hook is not installed, as another one is there.\n${command}`;
  expect(wrapProse(message, (line) => wrap(line, 0)).split("\n")).toEqual([
    "The hook is not installed, as",
    "another one is there.",
    command,
  ]);
});
