import { rangeText } from "../../coverage/gate/reasons.ts";
import { missedOf, mostMissedFirst } from "../../model/count.ts";
import type { CoverageSummary, FileCoverage } from "../../model/summary.ts";
import { clip, listed, plural } from "../../shared/text.ts";
import { coverageRows, ownTotalSentence, shareText } from "../coverage-rows.ts";
import { code, escapeMarkdown, joined, list, section, table } from "./markdown.ts";

const shownRanges = 30;
const shownFiles = 10;
const shownExclusions = 20;
const longestExclusion = 120;

/** The coverage by gate, and the files with the most uncovered lines; null without data, and for runs before 0.4. */
export function coverageSection(coverage: CoverageSummary | null): string | null {
  if (coverage?.gates === undefined) return null;
  return section(
    "Coverage",
    table(["What", "Covered", "Required", "Gate"], tableRows(coverage), []),
    ownTotalsSentence(coverage),
    changesList(coverage),
    exclusionsList(coverage),
    mostMissed(coverage.files),
  );
}

function tableRows(coverage: CoverageSummary): string[][] {
  return coverageRows(coverage, code).map(({ name, covered, asked, gate }) => [
    escapeMarkdown(name),
    covered,
    asked,
    gate === "failed" ? "**failed**" : (gate ?? ""),
  ]);
}

function ownTotalsSentence({ ownTotals = [] }: CoverageSummary): string | null {
  if (ownTotals.length === 0) return null;
  return ownTotals.map((total) => ownTotalSentence({ ...total, suite: escapeMarkdown(total.suite) })).join(" ");
}

function changesList({ uncoveredChanges = [], unloaded = [] }: CoverageSummary): string | null {
  if (uncoveredChanges.length === 0) return null;
  const ranges = listed(uncoveredChanges, shownRanges, (range) => code(rangeText(range)), "place");
  const absent =
    unloaded.length === 0 ? null : `No suite loads ${listed(unloaded, shownFiles, code, "file").join(", ")}.`;
  return joined(["Changed and not covered:", list(ranges), absent]);
}

function exclusionsList({ exclusions = [] }: CoverageSummary): string | null {
  if (exclusions.length === 0) return null;
  const write = ({ file, line, text }: (typeof exclusions)[number]): string =>
    `${code(`${file}:${line}`)} ${code(clip(text, longestExclusion))}`;
  return joined([
    `${plural(exclusions.length, "comment")} of these changes ${exclusions.length === 1 ? "excludes" : "exclude"} code from coverage:`,
    list(listed(exclusions, shownExclusions, write, "comment")),
  ]);
}

function mostMissed(files: readonly FileCoverage[]): string | null {
  const sorted = mostMissedFirst(files.filter((file) => missedOf(file) > 0));
  if (sorted.length === 0) return null;
  const rows = sorted.slice(0, shownFiles).map((file) => [code(file.file), String(missedOf(file)), shareText(file, 0)]);
  const hidden = sorted.length - rows.length;
  return joined([
    "The files with the most missed lines:",
    table(["File", "Lines missed", "Covered"], rows, [1]),
    hidden > 0 ? `… and ${plural(hidden, "more file")}` : null,
  ]);
}
