import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { userEnvironment } from "../../support/verify.ts";

/** What is made of records whose coverage, and whose files' conditions on what is kept, are given. */
const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from pushproof_reused import expected_of, memos_of
from pushproof_record import Recording

class Record:
    def __init__(self, lines):
        self.lines = lines
        unit = {"name": "keep", "memos": [2], "lines": [1], "first": 1, "last": 3}
        self.trace = {"ran": {"T|a": {"kept.py": ["keep"]}, "T|b": {"kept.py": ["keep"]}}, "facts": {"kept.py": {"units": [unit]}}}
        self.present = self
    def still_there(self):
        return {"kept.py": self.lines}
    def moved(self, file, lines):
        return lines

full = [False, True, True, False]
records = [Record([line]) for line in (1, 2, 3, 4)]
expected = expected_of([{"isFull": each} for each in full], [*records], {1, 3})
several = [memos_of(["a", "b"], {"a": (0, {}), "b": (other, {})}, records)[0]["isOfSeveralRuns"] for other in (0, 1)]

class Data:
    def arcs(self, path):
        return [(2, 3)]

class Run:
    checkout = "/checkout"
    coverage = (True, {}, [])
    def __init__(self, is_of_several):
        self.reused = {"memos": [{"file": "kept.py", "first": 1, "last": 3, "lines": [2], "isOfSeveralRuns": is_of_several}]}
    def all_memos(self, data, has_arcs):
        return Recording.all_memos(self, data, has_arcs)

lost = [Recording.first_memo(Run(each), Data(), True) for each in (False, True)]
print(json.dumps({"lost": lost, "expected": sorted(expected["kept.py"]), "several": several}))
`;

async function asked(): Promise<{ expected: number[]; several: boolean[]; lost: (string | null)[] }> {
  const words = ["-B", "-c", program, adapterPath("python")];
  return JSON.parse((await promisify(execFile)("python3", words, { env: await userEnvironment() })).stdout);
}

test("what the full runs had covered that results are taken from is expected, beside that of the run most like this one", async () => {
  expect((await asked()).expected).toEqual([1, 2]);
});

test("a condition on what is kept says whether the files that meet it are of several runs", async () => {
  expect((await asked()).several).toEqual([false, true]);
});

test("such a condition that led one way only makes everything run where they are, though nobody meets it now", async () => {
  expect((await asked()).lost).toEqual([null, "the other way at line 2 of kept.py"]);
});
