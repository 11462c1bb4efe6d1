import { rangeText } from "../../coverage/gate/reasons.ts";
import { allTests, linesAdded, linesRemoved } from "../../model/figures.ts";
import type {
  Changes,
  CoverageSummary,
  Exclusion,
  FileChange,
  LoweredThreshold,
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

/** A kind of risk and its findings; null where it could not be checked. */
type Finding = readonly [lookedFor: string, found: string | null];

/**
 * Changes that deserve attention, with their location; one line for kinds without findings. Kinds that could not be
 * checked are not mentioned. Null where the changes are unknown.
 */
export function riskSection(summary: Summary, limits: RiskLimits): string | null {
  const { changes, coverage } = summary;
  if (changes === null || changes.files.length === 0) return null;
  const findings = [
    ...riskKinds.map(({ name, noun, isMet }): Finding => {
      const met = changes.files.filter(({ file, from = file }) => isMet(file) || isMet(from));
      return [noun, fact(name, listed(met, limits.facts, changeText, "file"))];
    }),
    testsFinding(changes, limits),
    ...fewerTests(summary),
    ...loweredFinding(changes, limits),
    ...coverageFindings(coverage, limits),
    sizeFinding(changes),
  ];
  const facts = findings.flatMap(([, found]) => (found === null ? [] : [found]));
  if (facts.length > 0) return section("Risk", list(facts));
  return section("Risk", `Nothing of the kind that is looked for: ${findings.map(([noun]) => noun).join(", ")}.`);
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

function testsFinding({ files }: Changes, limits: RiskLimits): Finding {
  const lost = files.filter(losesTests);
  return ["deleted or shrunk tests", fact("Tests deleted or shrunk", listed(lost, limits.facts, changeText, "file"))];
}

/** Compared with the last run of the base branch, if this run is complete. */
function fewerTests(summary: Summary): Finding[] {
  const { history, incomplete, suites } = summary;
  const base = history?.base ?? null;
  if (base === null || incomplete.length > 0 || suites.length === 0) return [];
  const { total } = allTests(summary);
  const found =
    total < base.tests.total
      ? `**Fewer tests**: ${total}, where the last run of the base branch (${code(shortId(base.commit))}) had ${base.tests.total}`
      : null;
  return [["fewer tests than the base branch has", found]];
}

function loweredFinding({ lowered }: Changes, limits: RiskLimits): Finding[] {
  if (lowered === undefined) return [];
  const write = ({ file, name, from, to }: LoweredThreshold): string =>
    `${code(clip(name, longestText))} in ${code(clip(file, longestPlace))} from ${from} ${to === null ? "to nothing" : `to ${to}`}`;
  return [
    ["lowered coverage thresholds", fact("Thresholds lowered", listed(lowered, limits.facts, write, "threshold"))],
  ];
}

function coverageFindings(coverage: CoverageSummary | null, limits: RiskLimits): Finding[] {
  const { exclusions, uncoveredChanges, unloaded = [], changedLines } = coverage ?? {};
  const place = ({ file, line, text }: Exclusion): string =>
    `${code(clip(`${file}:${line}`, longestPlace))} ${code(clip(text, longestText))}`;
  const findings: Finding[] = [];
  if (exclusions !== undefined) {
    const places = listed(exclusions, limits.facts, place, "place");
    findings.push(["exclusions from coverage", fact("Excluded from coverage", places)]);
  }
  if (uncoveredChanges !== undefined) {
    const ranges = listed(
      uncoveredChanges,
      limits.facts,
      (range) => code(clip(rangeText(range), longestPlace)),
      "place",
    );
    const found = fact("Changed lines that no test runs", ranges);
    const count =
      changedLines === undefined ? "" : ` (${changedLines.total - changedLines.covered} of ${changedLines.total})`;
    const files = listed(unloaded, limits.facts, (file) => code(clip(file, longestPlace)), "file").join(", ");
    const absent = unloaded.length === 0 ? "" : `; no suite loads ${files}`;
    findings.push(["changed lines that no test runs", found && `${found}${count}${absent}`]);
  }
  return findings;
}

function sizeFinding({ files }: Changes): Finding {
  const read = files.filter(({ file }) => !isLockFile(file));
  const lines = read.reduce((sum, { added, removed }) => sum + (added ?? 0) + (removed ?? 0), 0);
  const uncounted = read.length < files.length ? ", lock files not counted" : "";
  return [
    `more than ${largeFrom} changed lines`,
    lines > largeFrom
      ? `**Large**: ${plural(lines, "changed line")} in ${plural(read.length, "file")}${uncounted}`
      : null,
  ];
}
