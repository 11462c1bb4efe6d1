import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { RecordStore } from "../../../src/suite/reuse/record-store.ts";
import { RunLog } from "../../../src/suite/reuse/run-log.ts";
import {
  exportRecords,
  importRecords,
  type TravellingRecords,
  travellingDirectory,
} from "../../../src/suite/reuse/travelling-records.ts";
import { makeDirectory } from "../../support/repository.ts";

/** A repository's directory in which shards recorded two suites, and what leaves it. */
async function makeRecorded(): Promise<TravellingRecords> {
  const common = await makeDirectory();
  const records = travellingDirectory(common);
  await new RecordStore(records, "backend").write("key", { found: 1 });
  await new RecordStore(records, "web").write("other", { found: 2 });
  await new RunLog(records, "backend").add({ at: new Date().toISOString(), full: true });
  return await exportRecords(common);
}

/** What a machine that is given these records finds under a key. */
async function readAfter(records: TravellingRecords, suite = "backend", key = "key") {
  const common = await makeDirectory();
  const imported = await importRecords(common, records);
  const place = travellingDirectory(common);
  return { ...imported, found: await new RecordStore(place, suite).read(key), place };
}

type Travelling = TravellingRecords[number];
const onlyKey = async (change: (record: Travelling) => Travelling): Promise<TravellingRecords> =>
  (await makeRecorded()).map((record) => (record.name === "key.json.gz" ? change(record) : record));

test("records and the log of runs arrive as they left", async () => {
  const { taken, left, found, place } = await readAfter(await makeRecorded());
  expect({ taken, left, found }).toEqual({ taken: 2, left: 0, found: { found: 1 } });
  expect(await new RunLog(place, "backend").whyFull(new Date())).toBeNull();
  expect(await new RunLog(place, "web").whyFull(new Date())).toBe("no full run is recorded");
});

test("what was there before goes, so that all machines have the same", async () => {
  const common = await makeDirectory();
  const store = new RecordStore(travellingDirectory(common), "backend");
  await store.write("old", {});
  await importRecords(common, await makeRecorded());
  expect(await store.read("old")).toBeNull();
});

test("those of this machine's own runs are no part of it", async () => {
  const common = await makeDirectory();
  await new RecordStore(common, "backend").write("own", {});
  expect(await exportRecords(common)).toEqual([]);
  await importRecords(common, []);
  expect(await new RecordStore(common, "backend").read("own")).toEqual({});
});

/** A record with another content, as somebody writes it who can write a digest. */
function edited(record: Travelling, by: (content: Record<string, unknown>) => object): Travelling {
  const content = JSON.parse(gunzipSync(Buffer.from(record.content, "base64")).toString());
  const bytes = gzipSync(JSON.stringify(by(content)));
  return { ...record, sha256: createHash("sha256").update(bytes).digest("hex"), content: bytes.toString("base64") };
}

test.each<[string, (record: Travelling) => Travelling]>([
  ["damaged", (record) => ({ ...record, content: record.content.slice(4) })],
  ["not what its digest says", (record) => ({ ...record, sha256: "0".repeat(64) })],
  ["of another version", (record) => edited(record, (content) => ({ ...content, version: "0.0.1" }))],
  ["of another suite", (record) => edited(record, (content) => ({ ...content, suite: "web" }))],
  ["of another key", (record) => edited(record, (content) => ({ ...content, key: "other" }))],
])("one that is %s is left out", async (_, change) => {
  expect(await readAfter(await onlyKey(change))).toMatchObject({ taken: 1, left: 1, found: null });
});
