import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** The sums over all records of a tracefile, as the records themselves give them. */
export interface Totals {
  linesFound: number;
  linesHit: number;
  functionsFound: number;
  functionsHit: number;
  branchesFound: number;
  branchesHit: number;
}

const prefixes: Readonly<Record<string, keyof Totals>> = {
  LF: "linesFound",
  LH: "linesHit",
  FNF: "functionsFound",
  FNH: "functionsHit",
  BRF: "branchesFound",
  BRH: "branchesHit",
};

/** What the totals are called. */
export const totalNames: Readonly<Record<keyof Totals, string>> = {
  linesFound: "lines found",
  linesHit: "lines hit",
  functionsFound: "functions found",
  functionsHit: "functions hit",
  branchesFound: "branches found",
  branchesHit: "branches hit",
};

/** Reads the totals of a tracefile that holds one record for each source file. */
export async function readTotals(path: string): Promise<Totals> {
  const totals: Totals = {
    linesFound: 0,
    linesHit: 0,
    functionsFound: 0,
    functionsHit: 0,
    branchesFound: 0,
    branchesHit: 0,
  };
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const [, prefix = "", count] = /^(LF|LH|FNF|FNH|BRF|BRH):(\d+)/.exec(line) ?? [];
    const total = prefixes[prefix];
    if (total !== undefined) totals[total] += Number(count);
  }
  return totals;
}

/** Where two differ, in words; empty where they are the same. */
export function differences(ours: Totals, theirs: Totals): string[] {
  return (Object.keys(totalNames) as (keyof Totals)[])
    .filter((total) => ours[total] !== theirs[total])
    .map((total) => `${totalNames[total]} ${ours[total]} and ${theirs[total]}`);
}
