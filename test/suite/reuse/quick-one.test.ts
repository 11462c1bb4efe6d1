import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quickOne } from "../../../src/suite/reuse/module-reach.ts";
import { userEnvironment } from "../../support/verify.ts";

const seconds: Readonly<Record<string, number>> = { "a.test": 0, "b.test": 0.1, "c.test": 1 };
const draws = 2_000;

/** How often pushproof_reach.py draws each file. */
const asking = `
import collections, json, random, sys
sys.path.insert(0, sys.argv[1])
from pushproof_reach import quick_one
seconds, draws = json.loads(sys.argv[2])
print(json.dumps(collections.Counter(quick_one(seconds, random.Random(number))[0] for number in range(draws))))
assert quick_one({}, random.Random(1)) == []
`;

async function drawnByPython(): Promise<Record<string, number>> {
  const words = ["-B", "-c", asking, adapterPath("python"), JSON.stringify([seconds, draws])];
  return JSON.parse((await promisify(execFile)("python3", words, { env: await userEnvironment() })).stdout);
}

function drawnHere(): Record<string, number> {
  const drawn: Record<string, number> = {};
  for (let number = 0; number < draws; number++) {
    const [name = ""] = quickOne(Object.keys(seconds), (file) => seconds[file] ?? 0, (number / draws) * 2 ** 32);
    drawn[name] = (drawn[name] ?? 0) + 1;
  }
  return drawn;
}

// Weights of 100, 10 and 1.
test.each([
  ["pytest", drawnByPython],
  ["JavaScript's runners", async () => drawnHere()],
])("of %s, the one file that is compared may be any, and a quick one is the likelier", async (_, draw) => {
  const { "a.test": first = 0, "b.test": second = 0, "c.test": third = 0 } = await draw();
  expect(first + second + third).toBe(draws);
  expect([Math.round((first * 10) / draws), Math.round((second * 10) / draws)]).toEqual([9, 1]);
  expect(third).toBeGreaterThan(0);
});

test("where there is no file, none is compared", () => {
  expect(quickOne([], () => 1, 7)).toEqual([]);
});
