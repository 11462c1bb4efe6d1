import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mergeLcov } from "../../../src/coverage/lcov/merge.ts";
import { SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

/** Merges texts as so many LCOV files that tell of one source file, and gives what is known of it. */
async function merge(...records: string[]): Promise<SourceCoverage> {
  const directory = await makeDirectory();
  const texts = records.map(
    (record) => `SF:a.c\n${record.replaceAll(" ", "\n").replaceAll("_", " ")}\nend_of_record\n`,
  );
  await writeFiles(directory, Object.fromEntries(texts.map((text, index) => [`${index}.lcov`, text])));
  const merged = await mergeLcov(
    texts.map((_, index) => ({ path: join(directory, `${index}.lcov`), base: directory })),
  );
  return merged.get(join(directory, "a.c")) as SourceCoverage;
}

/** "name:line-end=hits" of each function. */
async function functionsOf(...records: string[]): Promise<string[]> {
  const { functions } = await merge(...records);
  return functions.entries().map(({ name, line, end, hits }) => `${name}:${line}${end === 0 ? "" : `-${end}`}=${hits}`);
}

async function branchesOf(...records: string[]): Promise<string[]> {
  const { branches } = await merge(...records);
  return [...branches.entries()].map(([key, taken]) => `${key}=${taken}`);
}

describe("functions", () => {
  test("of istanbul, V8 and Node: all declared, then all told", async () => {
    expect(await functionsOf("FN:1,add FN:9,take FNF:2 FNH:1 FNDA:3,add FNDA:0,take")).toEqual(["add:1=3", "take:9=0"]);
  });

  test("of coverage.py: with their end, each told as it is declared", async () => {
    expect(await functionsOf("FN:1,4,add FNDA:1,add FN:9,12,take FNDA:0,take")).toEqual(["add:1-4=1", "take:9-12=0"]);
  });

  test("of geninfo 2: by index, all names of one are one function", async () => {
    const record = "FNL:0,3,9 FNL:1,12 FNA:0,4,add<int> FNA:0,1,add<long> FNA:1,0,take";
    expect(await functionsOf(record)).toEqual(["add<int>:3-9=5", "take:12=0"]);
  });

  test("add up over files, whatever order each has them in", async () => {
    expect(await functionsOf("FN:1,f FN:5,g FNDA:1,f FNDA:0,g", "FN:5,g FN:1,f FNDA:2,g FNDA:4,f")).toEqual([
      "f:1=5",
      "g:5=2",
    ]);
  });

  test("are told in another order than they are declared in", async () => {
    expect(await functionsOf("FN:1,f FN:5,g FN:7,h FNDA:1,f FNDA:3,h FNDA:2,g")).toEqual(["f:1=1", "g:5=2", "h:7=3"]);
  });

  test("of one name at two lines are two, in the order of both lists", async () => {
    const record = "FN:1,render FN:9,render FNDA:2,render FNDA:0,render";
    expect(await functionsOf(record)).toEqual(["render:1=2", "render:9=0"]);
    expect(await functionsOf(record, record)).toEqual(["render:1=4", "render:9=0"]);
  });

  test("of one name at one line are as many as are declared", async () => {
    const record = "FN:1,f FN:1,f FNDA:2,f FNDA:0,f";
    expect(await functionsOf(record, record)).toEqual(["f:1=4", "f:1=0"]);
  });

  test("that only one worker has met are kept", async () => {
    expect(await functionsOf("FN:1,f FNDA:1,f", "FN:1,f FN:3,late FNDA:0,f FNDA:1,late")).toEqual([
      "f:1=1",
      "late:3=1",
    ]);
  });

  test("have names with commas and spaces", async () => {
    expect(await functionsOf("FN:1,operator,_(int) FNDA:2,operator,_(int)")).toEqual(["operator, (int):1=2"]);
  });

  test("that are told and never declared count, without a line", async () => {
    expect(await functionsOf("FNDA:2,f")).toEqual(["f:0=2"]);
  });

  test("with hits that are no plain number ran only where the number says so", async () => {
    expect(await functionsOf("FN:1,f FN:2,g FNDA:-3,f FNDA:1e+21,g")).toEqual(["f:1=0", "g:2=1e+21"]);
  });
});

describe("branches", () => {
  test("add up over files, whatever order each has them in", async () => {
    expect(await branchesOf("BRDA:1,0,0,1 BRDA:1,0,1,0", "BRDA:1,0,1,2 BRDA:1,0,0,3")).toEqual(["1,0,0=4", "1,0,1=2"]);
  });

  test("that were never evaluated stay so until somebody evaluates them", async () => {
    const records = ["BRDA:1,0,0,- BRDA:1,0,1,-", "BRDA:1,0,0,0 BRDA:1,0,1,-"] as const;
    expect(await branchesOf(...records)).toEqual(["1,0,0=0", "1,0,1=null"]);
    expect((await merge(...records)).branches.count()).toEqual({ covered: 0, total: 2 });
  });

  test("have texts for names in coverage.py, exceptions in geninfo 2", async () => {
    expect(await branchesOf("BRDA:1,0,jump_to_line_2,1 BRDA:1,0,to_a,_b,0 BRDA:4,e0,0,-")).toEqual([
      "1,0,jump to line 2=1",
      "1,0,to a, b=0",
      "4,e0,0=null",
    ]);
  });

  test("that one record lists twice add up", async () => {
    expect(await branchesOf("BRDA:1,0,0,1 BRDA:1,0,0,2")).toEqual(["1,0,0=3"]);
  });
});

test.each([
  ["functions", "FNF:0", true],
  ["functions", "DA:1,1", false],
  ["branches", "BRF:0", true],
  ["branches", "DA:1,1", false],
] as const)("that there are no %s is told apart from nobody having looked: %s", async (metric, record, isMeasured) => {
  const source = await merge(record);
  expect(source[metric].isMeasured).toBe(isMeasured);
  expect(source[metric].count()).toEqual({ covered: 0, total: 0 });
});

test.each([
  "FN:x,f",
  "FN:1",
  "FNDA:f",
  "FNL:0",
  "FNA:0,1",
  "BRDA:1,0,0",
  "BRDA:x,0,0,1",
  "BRDA:1,0,0,",
  "BRDA:1",
  "BRDA:1,0,0,many",
])(
  "damage is an error, never a smaller figure: %s",
  async (record) => await expect(merge(record)).rejects.toThrow(/is damaged: a .* malformed \(line 2\)/),
);

test("what two suites measure of one file adds up as if one file held both records", async () => {
  const records = [
    "FN:1,f FN:9,f FNDA:2,f FNDA:0,f BRDA:1,0,0,- BRDA:1,0,1,1 BRF:2 DA:1,1 DA:2,0",
    "FN:9,f FN:12,late FNDA:3,f FNDA:1,late BRDA:1,0,1,2 BRDA:2,0,0,0 DA:2,4 DA:70000,1",
  ] as const;
  const [first, second] = [await merge(records[0]), await merge(records[1])];
  const sum = new SourceCoverage();
  sum.addAll(first);
  sum.addAll(second);
  const together = await merge(...records);
  expect([...sum.lines.entries()]).toEqual([...together.lines.entries()]);
  expect(sum.functions.entries()).toEqual(together.functions.entries());
  expect([...sum.branches.entries()]).toEqual([...together.branches.entries()]);
  expect([sum.functions.isMeasured, sum.branches.isMeasured]).toEqual([true, true]);
});

test("that nobody looked at branches stays so where suites are put together", async () => {
  const sum = new SourceCoverage();
  sum.addAll(await merge("DA:1,1"));
  expect(sum.branches.isMeasured).toBe(false);
});
