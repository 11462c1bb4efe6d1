import { describe, expect, test } from "vitest";
import type { PartlyReused } from "../../../src/model/reuse.ts";
import { lostOnAll, partlyReused } from "../../../src/suite/reuse/partly-reused.ts";

type Missing = PartlyReused["missing"];

const found: PartlyReused = { difference: null, why: null, isJoined: true, missing: {}, memos: [] };

describe("of shards that ran a part, what the recorded run had covered is lost", () => {
  test("where all of them miss it", () => {
    const parts = [
      {
        "src/a.py": [
          [1, 3],
          [3, -1],
        ],
      },
      {
        "src/a.py": [
          [3, -1],
          [7, 8],
        ],
      },
    ];
    expect(lostOnAll(parts.map((missing) => ({ ...found, missing })))).toBe("line 3 of src/a.py");
  });

  test("not where one of them has it", () => {
    const parts: Missing[] = [{ "src/a.py": [3], "src/b.py": [1] }, { "src/a.py": [4] }];
    expect(lostOnAll(parts.map((missing) => ({ ...found, missing })))).toBeNull();
  });

  test("where none of them took what the reused files had covered along", () => {
    expect(lostOnAll([partlyReused(null, null, [])])).toBe("all that the reused files had covered");
  });

  test("as nobody knows it, of a shard without files of its own", () => {
    const parts = [{ ...found, missing: { "src/a.py": [3] } }, partlyReused(null, null, [])];
    expect(lostOnAll(parts)).toBe("line 3 of src/a.py");
  });

  test("where a condition on something kept led one way on all of them", () => {
    const parts = [[5], [5]].map((ends) => ({ ...found, memos: [{ file: "src/a.py", line: 4, ends }] }));
    expect(lostOnAll(parts)).toBe("the other way at line 4 of src/a.py");
  });

  test("not where such a condition led both ways on two of them", () => {
    const parts = [[5], [6]].map((ends) => ({ ...found, memos: [{ file: "src/a.py", line: 4, ends }] }));
    expect(lostOnAll(parts)).toBeNull();
  });

  test("where nothing tells which way such a condition led", () => {
    const parts = [[5], null].map((ends) => ({ ...found, memos: [{ file: "src/a.py", line: 4, ends }] }));
    expect(lostOnAll(parts)).toBe("the other way at line 4 of src/a.py");
  });
});
