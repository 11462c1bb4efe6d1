import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { differences, isExpired, type Receipt, type ReceiptKey, ReceiptStore } from "../../src/push/receipts.ts";
import { sampleSummary } from "../report/sample.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { open } from "./support.ts";

const day = 86_400_000;
const key: ReceiptKey = {
  tree: "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d00112233",
  configuration: "c1",
  version: "0.1.0",
  environment: "linux x64, node 20.20.2",
  against: null,
};
const at = "2026-01-27T10:15:12.000Z";
const now = new Date(at);

function receiptOf(changed: Partial<Receipt> = {}): Receipt {
  return { schema: 1, ...key, at, summary: sampleSummary(), ...changed };
}

async function makeStore(...receipts: Receipt[]) {
  const directory = await makeDirectory();
  const store = new ReceiptStore(directory);
  for (const receipt of receipts) await store.save(receipt, "marker\n");
  const receiptPath = join(directory, "verify/receipts", `${key.tree}.json`);
  return { directory, store, receiptPath, provenPath: join(directory, "verify/proven", key.tree) };
}

test("a receipt is found by its tree, with the marker for the hook beside it", async () => {
  const { store, provenPath } = await makeStore(receiptOf());
  expect(await store.ofTree(key.tree)).toEqual(receiptOf());
  expect(await store.find(key, now)).toEqual(receiptOf());
  expect(await readFile(provenPath, "utf8")).toBe("marker\n");
});

test("another tree has no receipt", async () => {
  const { store } = await makeStore(receiptOf());
  expect(await store.find({ ...key, tree: "0".repeat(40) }, now)).toBeNull();
});

test("where nothing was verified yet, there is nothing", async () => {
  const { store } = await makeStore();
  expect(await store.ofTree(key.tree)).toBeNull();
  expect(await store.list()).toEqual([]);
  await store.prune(now);
  await store.revoke(key.tree);
});

test.each<[string, Partial<ReceiptKey>, string]>([
  ["configuration", { configuration: "c2" }, "the configuration has changed"],
  ["version", { version: "0.2.0" }, "pushproof was 0.1.0, now 0.2.0"],
  ["environment", { environment: "darwin arm64" }, "it ran on linux x64, node 20.20.2, this is darwin arm64"],
])("under another %s a receipt does not stand, and says why", async (_name, changed, reason) => {
  const { store } = await makeStore(receiptOf());
  expect(await store.find({ ...key, ...changed }, now)).toBeNull();
  expect(differences(receiptOf(), { ...key, ...changed }, now)).toEqual([reason]);
});

test("a receipt stands for 30 days", async () => {
  const { store } = await makeStore(receiptOf());
  expect(await store.find(key, new Date(now.getTime() + 30 * day))).not.toBeNull();
  expect(await store.find(key, new Date(now.getTime() + 30 * day + 1))).toBeNull();
  expect(differences(receiptOf(), key, new Date(now.getTime() + 31 * day))).toEqual(["it is more than 30 days old"]);
  expect(isExpired(receiptOf(), now)).toBe(false);
});

test.each([
  ["cut off", JSON.stringify(receiptOf()).slice(0, 200)],
  ["empty", ""],
  ["no object", "null"],
  ["of another schema", JSON.stringify({ ...receiptOf(), schema: 2 })],
  ["of another tree", JSON.stringify(receiptOf({ tree: "f".repeat(40) }))],
  ["without a time", JSON.stringify({ ...receiptOf(), at: undefined })],
  ["without a summary", JSON.stringify({ ...receiptOf(), summary: undefined })],
  ["of a failure", JSON.stringify(receiptOf({ summary: sampleSummary({ verdict: "failed" }) }))],
])("a receipt that is %s proves nothing, and is replaced by the next", async (_how, content) => {
  const { store, receiptPath } = await makeStore(receiptOf());
  await writeFile(receiptPath, content);
  expect(await store.find(key, now)).toBeNull();
  expect(await store.list()).toEqual([]);
  await store.save(receiptOf(), "marker\n");
  expect(await store.find(key, now)).not.toBeNull();
});

test("a revoked tree is proven no longer, to the program or to the hook", async () => {
  const { directory, store } = await makeStore(receiptOf());
  await store.revoke(key.tree);
  expect(await store.ofTree(key.tree)).toBeNull();
  expect(await readdir(join(directory, "verify/proven"))).toEqual([]);
});

test("receipts are listed newest first", async () => {
  const times = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z", "2026-01-01T00:00:00.000Z"];
  const receipts = times.map((time, index) => receiptOf({ at: time, tree: String(index).repeat(40) }));
  const { store } = await makeStore(...receipts);
  expect((await store.list()).map((receipt) => receipt.at)).toEqual([...times].sort().reverse());
});

test("only what is too old is pruned", async () => {
  const young = receiptOf({ tree: "a".repeat(40) });
  const { directory, store, receiptPath, provenPath } = await makeStore(receiptOf(), young);
  const old = new Date(Date.now() - 31 * day);
  for (const path of [receiptPath, provenPath]) await utimes(path, old, old);
  await store.prune(new Date());
  expect(await readdir(join(directory, "verify/receipts"))).toEqual([`${young.tree}.json`]);
  expect(await readdir(join(directory, "verify/proven"))).toEqual([young.tree]);
});

test("linked worktrees share the receipts", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  const linked = join(repository.root, "../linked");
  await repository.git("worktree", "add", "--quiet", "--detach", linked);
  await new ReceiptStore((await open(repository, linked)).commonDirectory).save(receiptOf(), "");
  const { commonDirectory } = await open(repository);
  expect(commonDirectory).toBe(join(repository.root, ".git"));
  expect(await new ReceiptStore(commonDirectory).ofTree(key.tree)).toEqual(receiptOf());
});

test("many writers at once leave one whole receipt and nothing else", async () => {
  const { directory, store } = await makeStore();
  const versions = Array.from({ length: 20 }, (_, index) => String(index));
  await Promise.all(versions.map((version) => store.save(receiptOf({ version }), `${version}\n`)));
  expect(versions).toContain((await store.ofTree(key.tree))?.version);
  expect(await readdir(join(directory, "verify/receipts"))).toEqual([`${key.tree}.json`]);
  expect(await readdir(join(directory, "verify/proven"))).toEqual([key.tree]);
});
