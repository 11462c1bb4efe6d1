import { expect, test } from "vitest";
import { type Decided, digestOfReused } from "../../../src/suite/reuse/decided.ts";
import type { Reach } from "../../../src/suite/reuse/reach.ts";
import type { SuiteDecision } from "../../../src/suite/reuse/suite-decision.ts";
import { requireSameReuse } from "../../../src/suite/shards/join-reuse.ts";

/** A decision by which the files named are reused, and the others compared, from the newest record. */
function filesDecision(
  reused: readonly string[],
  compared: readonly string[] = [],
  plugin: object = {},
): SuiteDecision {
  const of = (files: readonly string[]) => Object.fromEntries(files.map((file) => [file, 0]));
  const reach: Reach = { reused: of(reused), compared: of(compared), reasons: {}, plugin };
  return { kind: "files", part: { reach, keys: ["files-a"], records: [], hasNewFiles: false } };
}

/** What a shard says that it decided. */
function decided(decision: SuiteDecision): Decided {
  return {
    ...{ kind: decision.kind, why: null, surroundings: "same", whole: null, keys: [], files: 1, hasStayed: true },
    reused: digestOfReused(decision),
  };
}

const own = filesDecision(["test_a.py", "test_b.py"], ["test_c.py"]);

test("shards that reuse the same results belong together, in whatever order these are named", () => {
  const other = filesDecision(["test_b.py", "test_a.py"], ["test_c.py"]);
  const shards = [own, other].map((decision, index) => ({ name: `${index + 1}/2`, decided: decided(decision) }));
  expect(() => requireSameReuse("backend", shards)).not.toThrow();
});

test.each([
  ["reuse other files", filesDecision(["test_a.py"], ["test_c.py"])],
  ["compare other files", filesDecision(["test_a.py", "test_b.py"])],
  ["take other coverage for the same files", filesDecision(["test_a.py", "test_b.py"], ["test_c.py"], { files: [1] })],
])("shards that %s are refused", (_, other) => {
  const shards = [own, other].map((decision, index) => ({ name: `${index + 1}/2`, decided: decided(decision) }));
  expect(() => requireSameReuse("backend", shards)).toThrow(
    "backend: shards 1/2 and 2/2 reuse different results. Give all shards the same history (`verify history import`), or run all of them with --full.",
  );
});
