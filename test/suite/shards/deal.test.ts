import { expect, test } from "vitest";
import { filesOfShard, isOwn } from "../../../src/suite/shards/deal.ts";

const root = "/work";
const files = Array.from({ length: 23 }, (_, index) => `${root}/test_${index}.py`);
const durations = new Map(files.map((file, index) => [file.slice(root.length + 1), ((index * 7) % 11) + 1]));

function dealt(total: number, given: readonly string[] = files, turn = 0) {
  return Array.from({ length: total }, (_, index) =>
    filesOfShard(given, { root, durations, shard: { index: index + 1, total }, turn }),
  );
}

test.each([1, 2, 3, 7, 23, 40])("of %d shards, each file is dealt to exactly one", (total) => {
  expect(dealt(total).flat().sort()).toEqual([...files].sort());
});

test("the order in which a machine finds the files changes nothing", () => {
  expect(dealt(4, files.toReversed())).toEqual(dealt(4));
});

test("no shard takes longer than an even share and the longest file", () => {
  const secondsOf = (own: readonly string[]) => own.reduce((sum, file) => sum + (durations.get(file.slice(6)) ?? 0), 0);
  const all = secondsOf(files);
  for (const own of dealt(5)) expect(secondsOf(own)).toBeLessThanOrEqual(all / 5 + 11);
});

test("the longest file of the next suite goes to another shard", () => {
  const [first] = dealt(4);
  expect(dealt(4, files, 1)[3]).toEqual(first);
});

test("what cannot be divided runs on one shard, the next on another", () => {
  const shards = [1, 2, 3].map((index) => ({ index, total: 3 }));
  expect([0, 1, 2, 3].map((turn) => shards.filter((shard) => isOwn(shard, turn)).map(({ index }) => index))).toEqual([
    [1],
    [3],
    [2],
    [1],
  ]);
  expect(isOwn(undefined, 5)).toBe(true);
});
