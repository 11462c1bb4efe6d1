import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { askYesNo, canAsk } from "../../src/init/ask.ts";
import type { World } from "../../src/shared/world.ts";

function worldWith(answer: string, isTTY = true): World & { readonly output: PassThrough } {
  const input = Object.assign(new PassThrough(), { isTTY });
  input.end(answer);
  const output = Object.assign(new PassThrough(), { isTTY });
  const signal = new AbortController().signal;
  return { directory: "/", environment: {}, input, output, errors: new PassThrough(), signal };
}

test.each([
  ["y\n", true],
  ["Yes\n", true],
  ["n\n", false],
  ["\n", false],
  ["", false],
  ["maybe\n", false],
])("the answer %j is a yes: %j", async (answer, isYes) => {
  const world = worldWith(answer);
  expect(await askYesNo(world, "Write it?")).toBe(isYes);
  world.output.end();
  expect(await text(world.output)).toBe("Write it? [y/N] ");
});

test("where the input has ended with the answer to an earlier question, the next one is a no", async () => {
  const world = worldWith("y\n");
  expect(await askYesNo(world, "First?")).toBe(true);
  await finished(world.input);
  expect(await askYesNo(world, "Second?")).toBe(false);
});

test("only somebody at a terminal is asked", () => {
  expect(canAsk(worldWith(""))).toBe(true);
  expect(canAsk(worldWith("", false))).toBe(false);
});
