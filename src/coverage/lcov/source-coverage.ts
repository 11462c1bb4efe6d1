import type { Count } from "../../model/count.ts";
import { BranchHits } from "./branches.ts";
import { FunctionHits } from "./functions.ts";
import { LineHits } from "./lines.ts";

/** The coverage of a source file. */
export class SourceCoverage {
  readonly lines = new LineHits();
  readonly functions = new FunctionHits();
  readonly branches = new BranchHits();

  /** A record of the file begins. */
  begin(): void {
    this.functions.begin();
    this.branches.begin();
  }

  /** Adds another coverage of the same file as one record. */
  addAll({ lines, functions, branches }: SourceCoverage): void {
    this.begin();
    for (const [line, hits] of lines.entries()) this.lines.add(line, hits);
    this.functions.addAll(functions);
    this.branches.addAll(branches);
  }
}

/** Coverage by source file; names are absolute real paths. */
export type Coverage = ReadonlyMap<string, SourceCoverage>;

/** What is counted per source file. */
export const metrics = ["lines", "branches", "functions"] as const;
export type Metric = (typeof metrics)[number];

/** The total of one metric over all files. */
export function countAll(coverage: Coverage, metric: Metric): Count {
  let covered = 0;
  let total = 0;
  for (const source of coverage.values()) {
    const count = source[metric].count();
    covered += count.covered;
    total += count.total;
  }
  return { covered, total };
}
