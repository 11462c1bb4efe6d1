import { once } from "node:events";
import { existsSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenForProgress, type ProgressListener } from "../../../src/suite/progress/listen.ts";
import { makeDirectory } from "../../support/repository.ts";

let listener: ProgressListener;

beforeEach(async () => {
  listener = await listenForProgress(await makeDirectory());
});
afterEach(async () => {
  await listener.close();
});

async function connected(): Promise<Socket> {
  const socket = createConnection(listener.socketPath);
  await once(socket, "connect");
  return socket;
}

async function tell(...messages: unknown[]): Promise<void> {
  const socket = await connected();
  socket.end(
    messages.map((message) => `${typeof message === "string" ? message : JSON.stringify(message)}\n`).join(""),
  );
  await once(socket, "close");
}

test("tests are counted in all and by worker", async () => {
  await tell(
    { type: "collected", tests: 3 },
    { type: "file", worker: "gw0", file: "a" },
    { type: "done", worker: "gw0", file: "a" },
    { type: "failed", worker: "gw1", file: "b", name: "b::x" },
    { type: "done", worker: "gw1", file: "b" },
  );
  await listener.facts();
  expect(listener.progress).toMatchObject({ total: 3, done: 2, failed: 1 });
  expect(Object.fromEntries(listener.progress.workers)).toEqual({
    gw0: { file: "a", done: 1, failed: 0 },
    gw1: { file: "", done: 1, failed: 1 },
  });
});

test("a test that was not run is done, and counted by itself", async () => {
  await tell({ type: "done", file: "a", skipped: true }, { type: "done", file: "a", skipped: false });
  await listener.facts();
  expect(listener.progress).toMatchObject({ done: 2, skipped: 1 });
});

test("a test whose worker is not told belongs to the worker that runs its file", async () => {
  await tell({ type: "file", worker: "gw1", file: "/x.test.js" });
  await listener.facts();
  await tell({ type: "done", file: "/x.test.js" });
  expect((await listener.facts()).workerOfFile.get("/x.test.js")).toBe("gw1");
  expect(listener.progress.workers.get("gw1")?.done).toBe(1);
});

test("the test of the process that died first comes before one that was begun earlier and stopped with it", async () => {
  const [stopped, died] = await Promise.all([connected(), connected()]);
  stopped.write(`${JSON.stringify({ type: "begin", worker: "gw0", file: "a", name: "slow" })}\n`);
  died.end(`${JSON.stringify({ type: "begin", worker: "gw1", file: "b", name: "dies" })}\n`);
  await once(died, "close");
  stopped.end();
  expect((await listener.facts()).lastTests).toMatchObject([{ name: "dies" }, { name: "slow" }]);
});

test("nobody else ends the test that a process was in when it died", async () => {
  await tell({ type: "begin", worker: "gw1", file: "b", name: "dies" });
  await listener.facts();
  await tell({ type: "begin", worker: "gw0", file: "a", name: "adds" }, { type: "ended", file: "a" });
  await tell({ type: "failed", file: "b", name: "a worker died" }, { type: "done", file: "b" });
  expect((await listener.facts()).lastTests).toEqual([{ worker: "gw1", file: "b", name: "dies" }]);
});

test("a test whose end is told by name, after its worker has left, has ended", async () => {
  await tell({ type: "begin", worker: "gw1", file: "b", name: "goes well" });
  await tell({ type: "begin", worker: "gw0", file: "a", name: "dies" });
  await listener.facts();
  await tell({ type: "done", worker: "gw1", file: "b", name: "goes well" });
  expect((await listener.facts()).lastTests).toMatchObject([{ name: "dies" }]);
});

test("of the tests that were begun, those that have not ended are the last ones", async () => {
  await tell(
    { type: "begin", worker: "gw0", file: "a", name: "ended" },
    { type: "begin", worker: "gw1", file: "b", name: "running" },
    { type: "done", worker: "gw0", file: "a", name: "ended" },
  );
  expect((await listener.facts()).lastTests).toEqual([{ worker: "gw1", file: "b", name: "running" }]);
});

test("an end that is heard after the next test of its file has begun is not that one's", async () => {
  await tell(
    { type: "begin", worker: "gw0", file: "a", name: "first" },
    { type: "begin", worker: "gw0", file: "a", name: "second" },
    { type: "done", worker: "gw0", file: "a", name: "first" },
    { type: "begin", worker: "gw1", file: "b", name: "other" },
  );
  expect((await listener.facts()).lastTests).toMatchObject([{ name: "second" }, { name: "other" }]);
});

test("an end without a name is that of the test that its file is in", async () => {
  await tell(
    { type: "begin", worker: "gw0", file: "a", name: "ended" },
    { type: "begin", worker: "gw1", file: "b", name: "running" },
    { type: "done", worker: "gw0", file: "a" },
  );
  expect((await listener.facts()).lastTests).toMatchObject([{ name: "running" }]);
});

test("which worker began which file when is kept in the order in which it was told", async () => {
  const at = Date.now() - 5_000;
  await tell({ type: "file", worker: "gw0", file: "a", at }, { type: "file", worker: "gw0", file: "b", at: at + 7 });
  expect((await listener.facts()).visits).toEqual([
    { worker: "gw0", file: "a", at },
    { worker: "gw0", file: "b", at: at + 7 },
  ]);
});

test("a time that cannot be, as tests turn clocks, is replaced by the time at which it was heard", async () => {
  const before = Date.now();
  await tell(
    { type: "file", worker: "gw0", file: "a", at: Date.parse("2001-01-01") },
    { type: "file", worker: "gw1", file: "b" },
  );
  for (const { at } of (await listener.facts()).visits) {
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  }
});

test("what the runner says of itself is kept", async () => {
  await tell(
    { type: "hello", root: "/r", runtime: "python 3.11.7" },
    { type: "missing", package: "pytest-cov" },
    { type: "unfinished", file: "a", name: "t" },
    { type: "error", message: "too late" },
  );
  expect(await listener.facts()).toMatchObject({
    root: "/r",
    runtime: "python 3.11.7",
    missing: ["pytest-cov"],
    unfinished: [{ file: "a", name: "t" }],
    errors: ["too late"],
  });
});

test("what the runner says of what it measures is kept, of all its processes", async () => {
  expect((await listener.facts()).measuring).toMatchObject({ isReported: false, named: null });
  await tell(
    { type: "tested", files: ["/r/src/a.py"], testFiles: ["/r/tests/test_a.py"] },
    { type: "tested", files: ["/r/src/b.py"] },
    { type: "measures", named: ["/r/src/a.py"], left: ["/r/src/gen.py"] },
  );
  expect((await listener.facts()).measuring).toEqual({
    isReported: true,
    named: new Set(["/r/src/a.py"]),
    left: new Set(["/r/src/gen.py"]),
    tested: new Set(["/r/src/a.py", "/r/src/b.py"]),
    testFiles: new Set(["/r/tests/test_a.py"]),
  });
});

test("lines that are no messages are passed over", async () => {
  await tell("GET / HTTP/1.1", "null", "7", '{"type":"unheard of"}', { type: "collected", tests: 1 });
  await listener.facts();
  expect(listener.progress.total).toBe(1);
});

test("closing ends connections that are still open and removes the socket", async () => {
  const socket = createConnection(listener.socketPath);
  await once(socket, "connect");
  await listener.close();
  expect(existsSync(listener.socketPath)).toBe(false);
  listener = await listenForProgress(await makeDirectory());
});
