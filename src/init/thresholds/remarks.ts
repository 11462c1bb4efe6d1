import { coverageSchema } from "../../config/schema.ts";
import type { FoundThresholds } from "./found.ts";

/** A remark about thresholds, one line each. */
export interface Remark {
  readonly title: string;
  readonly notes: readonly string[];
}

const defaultLines = coverageSchema.parse({}).lines;

/** For thresholds of which none is about the project's lines. */
export const defaultRemark: Remark = { title: `coverage: lines ${defaultLines} (the default)`, notes: [] };

/** Says what is adopted from a place; `suite` is null for the whole project. */
export function remarkOn(found: FoundThresholds, suite: string | null): Remark {
  const { lines } = found.figures;
  const taken = wordsOn(found);
  const isLower = lines !== undefined && lines < defaultLines;
  return {
    title: [
      `${suite === null ? "coverage" : `coverage of ${suite}`}: `,
      taken.length === 0 ? `nothing taken from ${found.place}` : `${taken.join(", ")}, from ${found.place}`,
      isLower ? ` (default: ${defaultLines})` : "",
    ].join(""),
    notes: found.notes,
  };
}

function wordsOn({ figures, changedLines, files, ratchet }: FoundThresholds): string[] {
  return [
    ...Object.entries(figures).map(([metric, share]) => `${metric} ${share}`),
    ...(changedLines === undefined ? [] : [`changed lines ${changedLines}`]),
    ...Object.entries(files ?? {}).map(([glob, share]) =>
      glob === "**" ? `each file ${share}` : `each file of ${glob} ${share}`,
    ),
    ...(ratchet === true ? ["never less than before (ratchet)"] : []),
  ];
}
