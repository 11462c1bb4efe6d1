import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mergeLcov, writeLcov } from "../../../src/coverage/lcov/merge.ts";
import type { Coverage } from "../../../src/coverage/lcov/source-coverage.ts";
import { UnavailableError } from "../../../src/shared/errors.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

type Lines = Record<string, Record<number, number>>;

/** The map as plain objects, names relative to the directory where they lie in it. */
function plain(coverage: Coverage, directory: string): Lines {
  return Object.fromEntries(
    [...coverage].map(([file, { lines }]) => [
      file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file,
      Object.fromEntries(lines.entries()),
    ]),
  );
}

/** Merges texts as the LCOV files of so many suites, with the same base. */
async function merge(...texts: string[]): Promise<Lines> {
  const directory = await makeDirectory();
  await writeFiles(directory, Object.fromEntries(texts.map((text, index) => [`${index}.lcov`, text])));
  const inputs = texts.map((_, index) => ({ path: join(directory, `${index}.lcov`), base: directory }));
  return plain(await mergeLcov(inputs), directory);
}

describe("dialects", () => {
  test("coverage.py 6: checksums, and a line 0 for an empty module", async () => {
    const text = `TN:
SF:src/__init__.py
DA:0,1,1B2M2Y8AsgTpgAmY7PhCfg
LF:0
LH:1
end_of_record
TN:
SF:src/ledger.py
DA:1,1,xVZPli37aihDRdapIP6pbg
DA:8,1,u9vi23x01In0XMUh35ETrg
DA:9,0,KwC7H/OAe59piNZy3Cwnag
LF:3
LH:2
end_of_record
`;
    expect(await merge(text)).toEqual({ "src/__init__.py": {}, "src/ledger.py": { 1: 1, 8: 1, 9: 0 } });
  });

  test("coverage.py 7: no TN, totals before functions, branches as text, a record without lines", async () => {
    const text = `SF:src/__init__.py
end_of_record
SF:src/ledger.py
DA:1,1
DA:2,0
LF:2
LH:1
FN:1,2,balance
FNDA:0,balance
FNF:1
FNH:0
BRDA:1,0,jump to line 2,1
BRDA:1,0,jump to the function exit,-
BRF:2
BRH:1
end_of_record
`;
    expect(await merge(text)).toEqual({ "src/__init__.py": {}, "src/ledger.py": { 1: 1, 2: 0 } });
  });

  test("vitest, c8 and istanbul: functions first, totals last", async () => {
    const text = `TN:
SF:src/ledger.ts
FN:2,balance
FN:7,unused
FNF:2
FNH:1
FNDA:1,balance
FNDA:0,unused
DA:3,1
DA:4,2
DA:5,1
DA:8,0
LF:4
LH:3
BRF:0
BRH:0
end_of_record
`;
    expect(await merge(text)).toEqual({ "src/ledger.ts": { 3: 1, 4: 2, 5: 1, 8: 0 } });
  });

  test("geninfo 2: comments, versions, function aliases and MC/DC", async () => {
    const text = `# made by geninfo 2.0
TN:unit
SF:src/ledger.c
VER:1
FNL:0,3,9
FNA:0,4,main
BRDA:4,e0,0,-
MCDC:4,2,t,1,0,a && b
DA:4,7
LF:1
LH:1
end_of_record
`;
    expect(await merge(text)).toEqual({ "src/ledger.c": { 4: 7 } });
  });

  test.each([
    ["Windows line ends", "SF:a.py\r\nDA:1,2\r\nend_of_record\r\n"],
    ["no line end at the end", "SF:a.py\nDA:1,2\nend_of_record"],
    ["a byte order mark", "\uFEFFSF:a.py\nDA:1,2\nend_of_record\n"],
    ["blank lines", "\nSF:a.py\n\nDA:1,2\nend_of_record\n\n"],
    ["a Windows path", "SF:.\\a.py\nDA:1,2\nend_of_record\n"],
    ["a path that is not normal", "SF:./src/../a.py\nDA:1,2\nend_of_record\n"],
  ])("it makes no difference: %s", async (_, text) => expect(await merge(text)).toEqual({ "a.py": { 1: 2 } }));

  test.each([
    ["1e+21", 1e21],
    ["-", 0],
    ["-7", 0],
    ["4294967296", 4_294_967_296],
    ["9".repeat(400), 1e21],
  ])("hits written as %s count as %d", async (hits, count) => {
    expect(await merge(`SF:a.c\nDA:1,${hits}\nend_of_record\n`)).toEqual({ "a.c": { 1: count } });
  });

  test("an empty file is no data, not an error", async () => expect(await merge("")).toEqual({}));

  test("a path with a drive stays absolute, so it lies outside every tree", async () => {
    expect(Object.keys(await merge("SF:C:\\code\\a.py\nDA:1,1\nend_of_record\n"))).toEqual(["C:/code/a.py"]);
  });
});

describe("merging", () => {
  const record = (file: string, ...lines: string[]): string =>
    `SF:${file}\n${lines.map((line) => `DA:${line}\n`).join("")}end_of_record\n`;

  test("sums the records of one file and unites their lines", async () => {
    expect(await merge(record("a.py", "1,1", "2,0") + record("a.py", "2,3", "9,0"))).toEqual({
      "a.py": { 1: 1, 2: 3, 9: 0 },
    });
  });

  test("sums over suites", async () => {
    expect(await merge(record("a.py", "1,1", "2,0"), record("a.py", "2,3"), record("b.py", "1,0"))).toEqual({
      "a.py": { 1: 1, 2: 3 },
      "b.py": { 1: 0 },
    });
  });

  test("sums a line that one record lists twice", async () => {
    expect(await merge(record("a.py", "1,1", "1,2"))).toEqual({ "a.py": { 1: 3 } });
  });

  test("keeps lines far apart", async () => {
    expect(await merge(record("a.py", "70000,1", "3,0"))).toEqual({ "a.py": { 3: 0, 70000: 1 } });
  });

  test("resolves relative names against the base of their suite", async () => {
    const directory = await makeDirectory();
    await writeFiles(directory, { "one.lcov": record("src/a.py", "1,1"), "two.lcov": record("src/a.py", "1,1") });
    const coverage = await mergeLcov([
      { path: join(directory, "one.lcov"), base: join(directory, "apps/one") },
      { path: join(directory, "two.lcov"), base: join(directory, "apps/two") },
    ]);
    expect(plain(coverage, directory)).toEqual({ "apps/one/src/a.py": { 1: 1 }, "apps/two/src/a.py": { 1: 1 } });
  });

  test("knows a file by one name, however it was reached", async () => {
    const directory = await makeDirectory();
    await mkdir(join(directory, "real"));
    await symlink(join(directory, "real"), join(directory, "link"));
    const text = record(join(directory, "link/a.py"), "1,1") + record("real/a.py", "1,1");
    await writeFiles(directory, { "real/a.py": "", "x.lcov": text });
    const coverage = await mergeLcov([{ path: join(directory, "x.lcov"), base: directory }]);
    expect(plain(coverage, directory)).toEqual({ "real/a.py": { 1: 2 } });
  });

  test("knows a file by one name also where it has vanished", async () => {
    const directory = await makeDirectory();
    await mkdir(join(directory, "real"));
    await symlink(join(directory, "real"), join(directory, "link"));
    await writeFiles(directory, { "x.lcov": record("link/gone/a.py", "1,1") });
    const coverage = await mergeLcov([{ path: join(directory, "x.lcov"), base: directory }]);
    expect(plain(coverage, directory)).toEqual({ "real/gone/a.py": { 1: 1 } });
  });

  test("reads a file that is longer than what is read at a time", async () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `${index + 1},${index % 2}`);
    const merged = await merge(record("long.py", lines.join("\nDA:")));
    const hits = Object.values(merged["long.py"] ?? {});
    expect(hits).toHaveLength(200_000);
    expect(hits.filter((count) => count > 0)).toHaveLength(100_000);
  });
});

describe("damage is an error that names the file and the line, never a smaller figure", () => {
  test.each([
    ["a record without an end", "SF:a.py\nDA:1,1\n", /0\.lcov is cut off in its last record \(line 2\)/],
    ["a line cut in two", "SF:a.py\nDA:1,1\nDA:2", /malformed \(line 3\)/],
    [
      "a record inside another",
      "SF:a.py\nDA:1,1\nSF:b.py\nend_of_record\n",
      /before the one before it has ended \(line 3\)/,
    ],
    ["an end without a beginning", "end_of_record\n", /ends that has not begun/],
    ["a line of no file", "TN:\nDA:1,1\n", /belongs to no source file \(line 2\)/],
    ["a record without a name", "SF:\nend_of_record\n", /names no source file/],
    ["hits that are no number", "SF:a.py\nDA:1,many\nend_of_record\n", /malformed/],
    ["no hits", "SF:a.py\nDA:1,\nend_of_record\n", /malformed/],
    ["a line that is no number", "SF:a.py\nDA:x,1\nend_of_record\n", /malformed/],
    ["an absurd line", "SF:a.py\nDA:99999999999,1\nend_of_record\n", /not plausible/],
    ["totals without lines", "SF:a.py\nLF:10\nLH:10\nend_of_record\n", /claims 10 lines \(LF\) but lists none/],
    ["more in total than is listed", "SF:a.py\nDA:1,1\nLF:10\nend_of_record\n", /claims 10 lines \(LF\) but lists 1 /],
    ["a line behind a blank", "SF:a.py\nDA:1,1\n DA:2,0\nend_of_record\n", /begins with a blank \(line 3\)/],
    ["another format", '<?xml version="1.0"?>\n<coverage/>\n', /not in LCOV format/],
  ])("%s", async (_, text, message) => {
    const merging = merge(text);
    await expect(merging).rejects.toThrow(UnavailableError);
    await expect(merging).rejects.toThrow(message);
  });

  test("a file that is not there", async () => {
    const directory = await makeDirectory();
    const merging = mergeLcov([{ path: join(directory, "none.lcov"), base: directory }]);
    await expect(merging).rejects.toThrow(/none\.lcov cannot be read/);
  });
});

describe("writeLcov", () => {
  async function rewrite(text: string): Promise<{ written: string; directory: string }> {
    const directory = await makeDirectory();
    await writeFiles(directory, { "in.lcov": text });
    const coverage = await mergeLcov([{ path: join(directory, "in.lcov"), base: directory }]);
    await writeLcov(coverage, directory, join(directory, "out.lcov"));
    return { written: await readFile(join(directory, "out.lcov"), "utf8"), directory };
  }

  test("writes relative names, sorted, with the totals counted anew", async () => {
    const { written } = await rewrite(
      "SF:b.py\nDA:2,0\nDA:1,3\nLF:2\nLH:9\nend_of_record\nSF:a.py\nend_of_record\nSF:/usr/c.py\nDA:1,1\nend_of_record\n",
    );
    expect(written).toBe(`TN:
SF:/usr/c.py
DA:1,1
LF:1
LH:1
end_of_record
TN:
SF:a.py
LF:0
LH:0
end_of_record
TN:
SF:b.py
DA:1,3
DA:2,0
LF:2
LH:1
end_of_record
`);
  });

  test("writes what reading gives back the same", async () => {
    const { written } = await rewrite("SF:a.py\nDA:1,3\nDA:5,0\nend_of_record\nSF:src/b.py\nDA:4,1\nend_of_record\n");
    expect((await rewrite(written)).written).toBe(written);
  });
});
