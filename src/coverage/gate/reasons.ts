import { type Count, missedOf, mostMissedFirst } from "../../model/count.ts";
import { formatPercent, linesAsIn, linesNeeded } from "../../model/percent.ts";
import type { CoverageSummary, FileCoverage, GateSummary, LineRange } from "../../model/summary.ts";
import { listed, plural, shortId } from "../../shared/text.ts";

/** How many line ranges or files a reason lists. */
const named = 5;

/** Why gates failed, one sentence each, with what would make them pass; empty where all passed. */
export function gateReasons(summary: CoverageSummary): string[] {
  const { gates = [] } = summary;
  return gates.filter(({ passed }) => !passed).map((gate) => reasonOf(gate, summary));
}

function reasonOf(gate: GateSummary, summary: CoverageSummary): string {
  switch (gate.metric) {
    case "lines":
      return linesReason(gate, summary);
    case "changedLines":
      return changesReason(gate, summary);
    case "files":
      return filesReason(gate);
    case "ratchet":
      return ratchetReason(gate, summary);
    default:
      return shareReason(gate);
  }
}

function linesReason(gate: GateSummary, summary: CoverageSummary): string {
  const threshold = gate.threshold ?? 0;
  if (gate.suite !== undefined) return shareReason(gate);
  if (gate.total === 0) return emptyReason(summary, threshold);
  const missing = missingFor(gate, threshold);
  return (
    `Coverage is ${shareOf(gate, threshold)}, the gate is ${threshold} %: ` +
    `cover ${plural(missing, "more line", "more lines")} to pass. ${whatHelps(summary, missing)}`
  );
}

function emptyReason({ files, excludedFiles = 0 }: CoverageSummary, threshold: number): string {
  if (files.length === 0 && excludedFiles > 0) {
    return `\`coverage.exclude\` leaves out every measured file (${excludedFiles}), so there is nothing to measure against the gate of ${threshold} %.`;
  }
  const found =
    files.length === 0 ? "names no source file" : `has ${plural(files.length, "source file")} but no executable line`;
  return (
    `The coverage data ${found}, so there is nothing to measure against the gate of ${threshold} %; ` +
    "check the suite's `source` and its coverage configuration."
  );
}

function changesReason(
  gate: GateSummary,
  { changedLines, uncoveredChanges = [], unloaded = [] }: CoverageSummary,
): string {
  const threshold = gate.threshold ?? 0;
  if (changedLines === undefined) {
    return `The gate of changed lines (${threshold} %) cannot be judged, as there is no commit in common with the base branch: fetch it, or name another in "base".`;
  }
  const missing = missingFor(gate, threshold);
  const absent =
    unloaded.length === 0 ? "" : ` No suite loads ${listed(unloaded, 3, (file) => file, "file").join(", ")}.`;
  return (
    `Of the changed lines ${shareOf(gate, threshold)} are covered, their gate is ${threshold} %: ` +
    `cover ${plural(missing, "more line", "more lines")} to pass. Not covered: ${rangesText(uncoveredChanges)}.${absent}`
  );
}

function filesReason({ below = [] }: GateSummary): string {
  const write = ({ file, threshold, ...count }: FileCoverage & { threshold: number }): string =>
    `${file} ${formatPercent(count.covered, count.total, threshold)} of ${threshold} % (${count.covered} of ${count.total})`;
  const verb = below.length === 1 ? "is below its" : "are below their";
  return `${plural(below.length, "file")} ${verb} floor: ${listed(below, named, write, "file").join(", ")}.`;
}

function ratchetReason({ base, ...count }: GateSummary, summary: CoverageSummary): string {
  if (!base) return "The coverage of the base branch is not known.";
  const missing = Number(linesAsIn(count.total, base)) - count.covered;
  return (
    `Coverage fell from ${shareOf(base, 0)}, recorded for ${shortId(base.commit)} of the base branch, to ${shareOf(count, 0)}: ` +
    `cover ${plural(missing, "more line", "more lines")} to pass. ${whatHelps(summary, missing)}`
  );
}

/** Branches, functions, and the coverage of a single suite. */
function shareReason({ metric, suite, threshold, unmeasured, ...count }: GateSummary): string {
  const gate = threshold ?? 0;
  const of = suite === undefined ? "" : ` of ${suite}`;
  const unit = metric === "branches" ? "branch" : metric === "functions" ? "function" : "line";
  const units = `${unit}${unit === "branch" ? "es" : "s"}`;
  if (unmeasured !== undefined && unit !== "line") {
    const who = unmeasured.length === 0 ? "no suite" : unmeasured.join(", ");
    const verb = unmeasured.length > 1 ? "measure" : "measures";
    const hint = unit === "branch" ? " (coverage.py: branch = true)" : "";
    return `The gate of ${units}${of} (${gate} %) cannot be judged: ${who} ${verb}${unmeasured.length === 0 ? "" : " no"} ${units}; switch that on in the coverage configuration${hint}.`;
  }
  if (count.total === 0)
    return `The coverage data${of} has no ${units}, so there is nothing to measure against the gate of ${gate} %.`;
  const missing = missingFor(count, gate);
  return (
    `${formatPercent(count.covered, count.total, gate)} of the ${units}${of} are covered (${count.covered} of ${count.total}), ` +
    `their gate is ${gate} %: cover ${missing} more to pass.`
  );
}

function missingFor({ covered, total }: Count, threshold: number): number {
  return Number(linesNeeded(total, threshold)) - covered;
}

/** "94.99 % (949 of 1000 lines)". */
function shareOf({ covered, total }: Count, threshold: number): string {
  return `${formatPercent(covered, total, threshold)} (${covered} of ${plural(total, "line")})`;
}

/** The uncovered changed lines, then the files with the most uncovered lines, as many as needed. */
function whatHelps({ uncoveredChanges = [], files }: CoverageSummary, missing: number): string {
  const changed = uncoveredChanges.length === 0 ? "" : `Not covered of what changed: ${rangesText(uncoveredChanges)}. `;
  return `${changed}Most missed: ${mostMissed(files, missing)}.`;
}

function rangesText(ranges: readonly LineRange[]): string {
  return listed(ranges, named, rangeText, "place").join(", ");
}

/** "src/a.py:12-14". */
export function rangeText({ file, from, to }: LineRange): string {
  return `${file}:${from === to ? from : `${from}-${to}`}`;
}

/** The fewest files that contain so many uncovered lines, and how many more there are than can be listed. */
function mostMissed(files: readonly FileCoverage[], missing: number): string {
  const sorted = mostMissedFirst(files.filter((file) => missedOf(file) > 0));
  let held = 0;
  const enough = sorted.findIndex((file) => {
    held += missedOf(file);
    return held >= missing;
  });
  const needed = enough < 0 ? sorted : sorted.slice(0, enough + 1);
  return listed(needed, named, (file) => `${file.file} (${missedOf(file)} of ${file.total})`, "file").join(", ");
}
