import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { mergeLcov, writeLcov } from "../../src/coverage/lcov/merge.ts";
import { countAll } from "../../src/coverage/lcov/source-coverage.ts";
import { ExpectedError } from "../../src/shared/errors.ts";

const directory = mkdtempSync(join(tmpdir(), "pushproof-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Each run writes files. */
const patience = 60_000;
const few = { numRuns: 25 };

/** Hits by line, by file: what one process has covered. */
type Record = readonly { readonly file: string; readonly lines: readonly (readonly [line: number, hits: number])[] }[];

const record: fc.Arbitrary<Record> = fc.array(
  fc.record({
    file: fc.constantFrom("a.js", "src/b.js", "src/ä ö.js", "c,d.js"),
    lines: fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat(1_000))),
  }),
);

const lcovOf = (records: Record): string =>
  records
    .map(
      ({ file, lines }) =>
        `TN:\nSF:${file}\n${lines.map(([line, hits]) => `DA:${line},${hits}\n`).join("")}end_of_record\n`,
    )
    .join("");

/** Merges such records, each from a file of its own, into hits by file and line. */
async function merged(records: readonly Record[]): Promise<Map<string, Map<number, number>>> {
  const inputs = records.map((one, index) => {
    const path = join(directory, `${index}.info`);
    writeFileSync(path, lcovOf(one));
    return { path, base: directory };
  });
  return hitsOf(await mergeLcov(inputs));
}

function hitsOf(coverage: Awaited<ReturnType<typeof mergeLcov>>): Map<string, Map<number, number>> {
  return new Map([...coverage].map(([file, { lines }]) => [file, new Map(lines.entries())]));
}

test(
  "merged hits are the sums, whichever file they come from, and in whichever order",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 4 }), async (records) => {
        const sums = new Map<string, Map<number, number>>();
        for (const { file, lines } of records.flat()) {
          const path = join(directory, file);
          const known = sums.get(path) ?? new Map<number, number>();
          sums.set(path, known);
          for (const [line, hits] of lines) known.set(line, (known.get(line) ?? 0) + hits);
        }
        const together = await merged(records);
        expect(sorted(together)).toEqual(sorted(sums));
        expect(sorted(await merged([...records].reverse()))).toEqual(sorted(sums));
      }),
      few,
    );
  },
  patience,
);

const sorted = (coverage: Map<string, Map<number, number>>): unknown =>
  [...coverage].map(([file, lines]) => [file, [...lines].sort(([left], [right]) => left - right)]).sort();

test(
  "what was merged and written is read as the same",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 3 }), async (records) => {
        const inputs = records.map((one, index) => {
          const path = join(directory, `${index}.info`);
          writeFileSync(path, lcovOf(one));
          return { path, base: directory };
        });
        const first = await mergeLcov(inputs);
        const path = join(directory, "merged.info");
        await writeLcov(first, directory, path);
        const second = await mergeLcov([{ path, base: directory }]);
        expect(sorted(hitsOf(second))).toEqual(sorted(hitsOf(first)));
        expect(countAll(second, "lines")).toEqual(countAll(first, "lines"));
      }),
      few,
    );
  },
  patience,
);

test(
  "anything may stand in a coverage file: it is read, or refused in words; never more is covered than there is",
  async () => {
    const line = fc.oneof(
      fc.constantFrom(
        "SF:a.js",
        "end_of_record",
        "DA:1,1",
        "DA:2,0",
        "LF:2",
        "LH:1",
        "TN:",
        "BRDA:1,0,0,1",
        "BRDA:1,0,jump to 2,-",
        "FN:1,f",
        "FN:1,3,f",
        "FNDA:1,f",
        "FNL:0,1,3",
        "FNA:0,1,f",
        "DA:1,1e+21",
        "DA:-1,2",
        "DA:1,-2",
        "DA:99999999,1",
      ),
      fc.string(),
      fc.stringMatching(/^(DA|BRDA|FN|FNDA|FNL|FNA|SF):[\d,\-a-z.]{0,12}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.constantFrom("\n", "\r\n"), async (lines, end) => {
        const path = join(directory, "any.info");
        writeFileSync(path, lines.join(end));
        const coverage = await mergeLcov([{ path, base: directory }]).catch((error: unknown) => {
          expect(error).toBeInstanceOf(ExpectedError);
          return null;
        });
        if (coverage === null) return;
        for (const metric of ["lines", "branches", "functions"] as const) {
          const { covered, total } = countAll(coverage, metric);
          expect(covered).toBeLessThanOrEqual(total);
        }
      }),
      { numRuns: 150 },
    );
  },
  patience,
);
