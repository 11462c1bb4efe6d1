import type { CoverageSummary, FileCoverage } from "../report/summary.ts";
import { plural } from "../report/text.ts";
import { canonicalPath, compareNames, type LineCoverage, nameWithin } from "./lines.ts";
import { formatPercent, linesNeeded, reaches } from "./percent.ts";

/** How many of the files that miss the most lines a reason names. */
const namedFiles = 5;

/**
 * Holds the merged coverage against the threshold (in percent of lines), exactly. Files are named relative to the
 * root; one that lies outside keeps its absolute name. No lines at all never pass.
 */
export function judge(coverage: LineCoverage, gate: { threshold: number; root: string }): CoverageSummary {
  const root = canonicalPath(gate.root);
  const files = [...coverage]
    .map(([file, hits]): FileCoverage => ({ file: nameWithin(root, file) ?? file, ...hits.count() }))
    .sort((left, right) => compareNames(left.file, right.file));
  const lines = {
    covered: files.reduce((sum, { covered }) => sum + covered, 0),
    total: files.reduce((sum, { total }) => sum + total, 0),
  };
  return {
    lines,
    threshold: gate.threshold,
    passed: lines.total > 0 && reaches(lines, gate.threshold),
    files,
  };
}

/** Why the gate is closed, with what would open it; null where it is open. */
export function gateReason({ lines, threshold, passed, files }: CoverageSummary): string | null {
  if (passed) return null;
  if (lines.total === 0) return emptyReason(files.length, threshold);
  const missing = Number(linesNeeded(lines.total, threshold)) - lines.covered;
  return (
    `Coverage is ${formatPercent(lines.covered, lines.total, threshold)} ` +
    `(${lines.covered} of ${plural(lines.total, "line")}), the gate is ${threshold} %: ` +
    `${plural(missing, "more line", "more lines")} would open it. Most missed: ${mostMissed(files)}.`
  );
}

function emptyReason(files: number, threshold: number): string {
  const found = files === 0 ? "names no source file" : `has ${plural(files, "source file")} but no executable line`;
  return (
    `The coverage data ${found}, so there is nothing to hold against the gate of ${threshold} %; ` +
    "check the suite's `source` and its coverage configuration."
  );
}

function mostMissed(files: readonly FileCoverage[]): string {
  const missed = ({ covered, total }: FileCoverage): number => total - covered;
  return files
    .filter((file) => missed(file) > 0)
    .sort((left, right) => missed(right) - missed(left))
    .slice(0, namedFiles)
    .map((file) => `${file.file} (${missed(file)} of ${file.total})`)
    .join(", ");
}
