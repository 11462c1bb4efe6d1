import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RanTest } from "../../../src/model/test-id.ts";
import { openReplayStore, parseReplayOrder, ranBefore, redactingStore } from "../../../src/suite/races/replay-order.ts";
import { makeDirectory } from "../../support/repository.ts";

const order = { suite: "backend", worker: "gw1", tests: [{ file: "tests/test_a.py", id: "a" }] };

function ran(file: string, id: string, worker: string | undefined = "gw1"): RanTest {
  return { file, id, seconds: 1, outcome: "passed", worker };
}

/** The ids of what ran before, of a run whose workers began those files in that order. */
function idsBefore(all: readonly RanTest[], failed: RanTest, begun: readonly string[] = []): string[] {
  const visits = begun.map((file, at) => ({ worker: "gw1", file, at }));
  return ranBefore({ ran: all, visits, root: "/repo/backend", checkoutRoot: "/repo" }, failed).map(({ id }) => id);
}

test("what is kept can be read again", async () => {
  const root = await makeDirectory();
  const name = await (await openReplayStore(root, "abc")).keep(order);
  expect(name).toBe(".verify/orders/1-gw1.json");
  expect(parseReplayOrder(await readFile(join(root, name), "utf8"))).toEqual({ schema: 1, commit: "abc", ...order });
});

test("two orders of one worker are two files", async () => {
  const book = await openReplayStore(await makeDirectory(), null);
  expect([await book.keep(order), await book.keep(order)]).toEqual([
    ".verify/orders/1-gw1.json",
    ".verify/orders/2-gw1.json",
  ]);
});

test("the orders of an earlier run go as the next begins", async () => {
  const root = await makeDirectory();
  await (await openReplayStore(root, null)).keep(order);
  await openReplayStore(root, null);
  expect(await readdir(join(root, ".verify"))).toEqual([]);
});

test.each(["", "[]", '{"schema":2}', '{"schema":1,"commit":null,"suite":"a","worker":"gw0","tests":[]}'])(
  "%j is no order",
  (text) => {
    expect(parseReplayOrder(text)).toBeNull();
  },
);

test("what must not be shown is in no order", async () => {
  const kept: object[] = [];
  const book = redactingStore({ keep: async (one) => String(kept.push(one)) }, (text) => text.replace("secret", "***"));
  await book.keep({ ...order, tests: [{ file: "tests/secret.py", id: "test[secret]" }] });
  expect(kept).toEqual([{ ...order, tests: [{ file: "tests/***.py", id: "test[***]" }] }]);
});

test("files come in the order in which the worker began them, whatever the order of the results", () => {
  const [a, b] = [ran("backend/a.py", "a"), ran("backend/b.py", "b")];
  expect(idsBefore([a, b], a, ["b.py", "a.py"])).toEqual(["b", "a"]);
});

test("a file that the worker came to twice counts from its first time", () => {
  const [a, b] = [ran("backend/a.py", "a"), ran("backend/b.py", "b")];
  expect(idsBefore([a, b], b, ["a.py", "b.py", "a.py"])).toEqual(["a", "b"]);
});

test("other workers' tests, skipped ones and later ones are no part of it", () => {
  const failed = ran("a.py", "failed");
  const skipped: RanTest = { ...ran("a.py", "skipped"), outcome: "skipped" };
  expect(idsBefore([ran("a.py", "other", "gw0"), skipped, failed, ran("a.py", "later")], failed)).toEqual(["failed"]);
});

test("of a worker that is not known it is the test alone", () => {
  const failed = { ...ran("a.py", "failed"), worker: undefined };
  expect(idsBefore([ran("a.py", "other")], failed)).toEqual(["failed"]);
});
