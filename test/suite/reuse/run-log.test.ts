import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { suiteDirectory } from "../../../src/suite/reuse/record-store.ts";
import { RunLog } from "../../../src/suite/reuse/run-log.ts";
import { makeDirectory } from "../../support/repository.ts";

const start = new Date("2026-03-01T10:00:00.000Z");
const after = (days: number): Date => new Date(start.getTime() + days * 86_400_000);

async function makeLog(): Promise<{ log: RunLog; common: string }> {
  const common = await makeDirectory();
  const log = new RunLog(common, "backend");
  await log.add({ at: start.toISOString(), full: true });
  return { log, common };
}

test("without a full run everything runs", async () => {
  expect(await new RunLog(await makeDirectory(), "backend").whyFull(start)).toBe("no full run is recorded");
});

test("twenty runs after a full one everything runs, and the count begins again", async () => {
  const { log } = await makeLog();
  for (let run = 0; run < 20; run++) {
    expect(await log.whyFull(after(1))).toBeNull();
    await log.add({ at: after(1).toISOString(), full: false });
  }
  expect(await log.whyFull(after(1))).toBe("the last full run is 20 runs ago");
  await log.add({ at: after(1).toISOString(), full: true });
  expect(await log.whyFull(after(1))).toBeNull();
});

test("seven days after a full run, and before it, everything runs", async () => {
  const { log } = await makeLog();
  expect(await log.whyFull(after(6.9))).toBeNull();
  expect(await log.whyFull(after(7.1))).toBe("the last full run is more than 7 days ago");
  expect(await log.whyFull(after(-1))).toBe("the last full run is from the future");
});

test("a damaged line counts as a run", async () => {
  const { log, common } = await makeLog();
  await appendFile(join(suiteDirectory(common, "backend"), "runs.jsonl"), "}\n".repeat(20));
  expect(await log.whyFull(after(1))).toBe("the last full run is 20 runs ago");
});
