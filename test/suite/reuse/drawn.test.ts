import { expect, test } from "vitest";
import type { World } from "../../../src/shared/world.ts";
import { drawn } from "../../../src/suite/reuse/reuse-request.ts";

const world = {} as World;
const draw = (seed: string, question: string): number => drawn({ shards: { seed }, world }, question);

test("all shards of a run draw the same for the same question", () => {
  expect(draw("commit tree 7", "files of backend")).toBe(draw("commit tree 7", "files of backend"));
});

test("another run, commit or question draws something else", () => {
  const drawnNumbers = ["commit tree 7", "commit tree 8", "other tree 7"].flatMap((seed) =>
    ["files of backend", "files of web"].map((question) => draw(seed, question)),
  );
  expect(new Set(drawnNumbers).size).toBe(6);
});

test("what is drawn lies evenly between 0 and 1", () => {
  const numbers = Array.from({ length: 2000 }, (_, index) => draw(String(index), "files"));
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(numbers.filter((number) => number < 0.05).length).toBeGreaterThan(50);
  expect(numbers.filter((number) => number < 0.05).length).toBeLessThan(160);
});
