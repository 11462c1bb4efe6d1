import { rangeText } from "../../coverage/gate/reasons.ts";
import { allTests, linesAdded, linesRemoved } from "../../model/figures.ts";
import type {
  Changes,
  CoverageSummary,
  Exclusion,
  FileChange,
  LoweredThreshold,
  PastRun,
  Summary,
} from "../../model/summary.ts";
import { clip, listed, plural, shortId } from "../../shared/text.ts";
import { changedName } from "../markdown/changes.ts";
import { code, list, section } from "../markdown/markdown.ts";
import { isLockFile, losesTests, riskKinds } from "./risk-kinds.ts";

/** Display limits for each kind. */
export interface RiskLimits {
  readonly facts: number;
}

/** More changed lines than this are called large. */
const largeFrom = 400;
const longestText = 120;
const longestPlace = 200;

/** What in the changes is worth a look, each with where it is; null where there is nothing of the kind, or it is not known what changed. */
export function riskSection(summary: Summary, limits: RiskLimits): string | null {
  const { changes, coverage } = summary;
  if (changes === null || changes.files.length === 0) return null;
  const findings = [
    ...riskKinds.map(({ name, isMet }) => {
      const met = changes.files.filter(({ file, from = file }) => isMet(file) || isMet(from));
      return fact(name, listed(met, limits.facts, changeText, "file"));
    }),
    shrunkTests(changes, limits),
    fewerTests(summary),
    loweredThresholds(changes, limits),
    excludedLines(coverage, limits),
    uncoveredLines(coverage, limits),
    largeChange(changes),
  ];
  return section("Risk", list(findings.filter((found) => found !== null)));
}

/** The risks that this run could not look for, so that their absence says nothing; null where it looked for all. */
export function risksNotLookedFor(summary: Summary): string | null {
  const { changes, coverage } = summary;
  if (changes === null) return "all, as it is not known what changed";
  const all: [name: string, isLookedFor: boolean][] = [
    ["fewer tests than the base branch has", baseToCompare(summary) !== null],
    ["lowered coverage thresholds", changes.lowered !== undefined],
    ["exclusions from coverage", coverage?.exclusions !== undefined],
    ["changed lines that no test runs", coverage?.uncoveredChanges !== undefined],
  ];
  return all.flatMap(([name, isLookedFor]) => (isLookedFor ? [] : [name])).join(", ") || null;
}

function fact(name: string, items: readonly string[]): string | null {
  return items.length === 0 ? null : `**${name}**: ${items.join(", ")}`;
}

/** "`migrations/0002.sql` (new, +12 −0)". */
function changeText(change: FileChange): string {
  const { created, deleted, added } = change;
  const what = created ? ["new"] : deleted ? ["deleted"] : [];
  const counts = added === null ? "binary" : `${linesAdded([change])} ${linesRemoved([change])}`;
  return `${changedName(change)} (${[...what, counts].join(", ")})`;
}

function shrunkTests({ files }: Changes, limits: RiskLimits): string | null {
  return fact("Tests deleted or shrunk", listed(files.filter(losesTests), limits.facts, changeText, "file"));
}

/** The last run of the base branch, where this run was a whole one. */
function baseToCompare({ history, incomplete, suites }: Summary): PastRun | null {
  return incomplete.length > 0 || suites.length === 0 ? null : (history?.base ?? null);
}

function fewerTests(summary: Summary): string | null {
  const base = baseToCompare(summary);
  const { total } = allTests(summary);
  if (base === null || total >= base.tests.total) return null;
  return `**Fewer tests**: ${total}, where the last run of the base branch (${code(shortId(base.commit))}) had ${base.tests.total}`;
}

function loweredThresholds({ lowered = [] }: Changes, limits: RiskLimits): string | null {
  const write = ({ file, name, from, to }: LoweredThreshold): string =>
    `${code(clip(name, longestText))} in ${code(clip(file, longestPlace))} from ${from} ${to === null ? "to nothing" : `to ${to}`}`;
  return fact("Thresholds lowered", listed(lowered, limits.facts, write, "threshold"));
}

function excludedLines(coverage: CoverageSummary | null, limits: RiskLimits): string | null {
  const place = ({ file, line, text }: Exclusion): string =>
    `${code(clip(`${file}:${line}`, longestPlace))} ${code(clip(text, longestText))}`;
  return fact("Excluded from coverage", listed(coverage?.exclusions ?? [], limits.facts, place, "place"));
}

function uncoveredLines(coverage: CoverageSummary | null, limits: RiskLimits): string | null {
  const { uncoveredChanges = [], unloaded = [], changedLines } = coverage ?? {};
  const ranges = listed(uncoveredChanges, limits.facts, (range) => code(clip(rangeText(range), longestPlace)), "place");
  const found = fact("Changed lines that no test runs", ranges);
  if (found === null) return null;
  const count =
    changedLines === undefined ? "" : ` (${changedLines.total - changedLines.covered} of ${changedLines.total})`;
  const files = listed(unloaded, limits.facts, (file) => code(clip(file, longestPlace)), "file").join(", ");
  return `${found}${count}${unloaded.length === 0 ? "" : `; no suite loads ${files}`}`;
}

function largeChange({ files }: Changes): string | null {
  const read = files.filter(({ file }) => !isLockFile(file));
  const lines = read.reduce((sum, { added, removed }) => sum + (added ?? 0) + (removed ?? 0), 0);
  if (lines <= largeFrom) return null;
  const uncounted = read.length < files.length ? ", lock files not counted" : "";
  return `**Large**: ${plural(lines, "changed line")} in ${plural(read.length, "file")}${uncounted}`;
}
