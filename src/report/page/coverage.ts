import { rangeText } from "../../coverage/gate/reasons.ts";
import { missedOf, mostMissedFirst } from "../../model/count.ts";
import { formatPercent } from "../../model/percent.ts";
import type { CoverageSummary } from "../../model/summary.ts";
import { listed, plural } from "../../shared/text.ts";
import { coverageRows, ownTotalSentence, shareText } from "../coverage-rows.ts";
import { type Content, type Html, html, pageList, pageSection, pageTable } from "./html.ts";
import { coverageTreemap } from "./treemap.ts";

/** With more files, a page opens too slowly; summary.json has all. */
const mostFiles = 2_000;
const mostPlaces = 500;

/** The coverage: gates, a treemap and a table of files, and uncovered changes. */
export function coveragePart(coverage: CoverageSummary | null): Html | null {
  if (coverage === null) return null;
  return pageSection(
    "coverage",
    "Coverage",
    gatesTable(coverage),
    ownTotals(coverage),
    coverageTreemap(coverage.files, coverage.threshold),
    filesTable(coverage),
    changedLines(coverage),
    exclusionsList(coverage),
  );
}

const marks = { passed: "✓ ", failed: "✕ ", empty: "" };

function gatesTable(coverage: CoverageSummary): Content {
  const rows = coverageRows(coverage).map(({ name, covered, asked, gate }) => [
    name,
    covered,
    asked,
    gate && html`<span class="${gate}">${marks[gate]}${gate}</span>`,
  ]);
  const columns = ["What", "Covered", "Required", "Gate"].map((name) => ({ name }));
  return rows.length > 0 && pageTable("Gates", columns, rows);
}

function ownTotals({ ownTotals = [] }: CoverageSummary): Content {
  return ownTotals.map((total) => html`<p>${ownTotalSentence(total)}</p>`);
}

function filesTable({ files, threshold }: CoverageSummary): Content {
  if (files.length === 0) return null;
  const columns = [{ name: "File" }, ...["Lines", "Missed", "Covered"].map((name) => ({ name, isNumber: true }))];
  const rows = mostMissedFirst(files)
    .slice(0, mostFiles)
    .map((file) => [
      html`<code>${file.file}</code>`,
      { content: file.total, value: file.total },
      { content: missedOf(file), value: missedOf(file) },
      { content: formatPercent(file.covered, file.total, threshold), value: file.total && file.covered / file.total },
    ]);
  const hidden = files.length - rows.length;
  return html`<details class="files"><summary>${plural(files.length, "file")}, most missed first</summary>
${pageTable("Coverage of files", columns, rows, { isSortable: true })}
${hidden > 0 && html`<p>… and ${plural(hidden, "more file")}, in summary.json.</p>`}
</details>`;
}

function changedLines({ changedLines: count, uncoveredChanges = [], unloaded = [] }: CoverageSummary): Content {
  if (count === undefined) return null;
  const covered =
    count.total === 0 ? "The changes add no lines that can run." : `Of the changed lines, ${shareText(count, 0)} ran.`;
  return [
    html`<h3>Changed lines</h3><p>${covered}</p>`,
    uncoveredChanges.length > 0 && html`<p>Changed and not covered:</p>`,
    uncoveredChanges.length > 0 &&
      html`<div class="places" id="uncovered">${pageList(listed(uncoveredChanges, mostPlaces, rangeText, "place").map(codeOf))}</div>`,
    unloaded.length > 0 &&
      html`<p>No suite loads these:</p>${pageList(listed(unloaded, mostPlaces, String, "file").map(codeOf))}`,
  ];
}

function exclusionsList({ exclusions = [] }: CoverageSummary): Content {
  if (exclusions.length === 0) return null;
  const items = exclusions.map(({ file, line, text }) => html`<code>${file}:${line}</code> <code>${text}</code>`);
  return html`<h3>Excluded from coverage</h3>
<p>What these changes themselves leave out of the count:</p>
${pageList(items)}`;
}

function codeOf(text: string): Html {
  return html`<code>${text}</code>`;
}
