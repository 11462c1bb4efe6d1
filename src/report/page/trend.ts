import type { Count } from "../../model/count.ts";
import { allTests, countsText } from "../../model/figures.ts";
import { formatPercent } from "../../model/percent.ts";
import type { PastRun, Summary } from "../../model/summary.ts";
import { formatMoment, formatSeconds, plural, shortId } from "../../shared/text.ts";
import { detailsLine, percent } from "./chart.ts";
import { type Content, type Html, html, pageSection, pageTable } from "./html.ts";

const chartHeight = 120;
/** Space above and below for marks and labels. */
const margin = 22;

/** Time and coverage of recorded runs, with this one last; nothing without earlier runs. */
export function trendSection(summary: Summary): Html | null {
  const recent = summary.history?.recent ?? [];
  if (recent.length === 0 || summary.suites.length === 0 || summary.receipt?.reused) return null;
  const runs = [...recent, thisRun(summary)];
  const threshold = summary.coverage?.threshold ?? 0;
  const measured = runs.filter(({ lines }) => lines !== null && lines.total > 0);
  return pageSection(
    "trend",
    "Trend",
    html`<p class="hint">The last ${plural(runs.length, "run")}, this one at the right; <span class="key key-failed">✕</span> marks those that were not verified.</p>`,
    html`<div class="trends">
${lineChart(
  "Time",
  points(runs, ({ seconds }) => ({ value: seconds, text: formatSeconds(seconds) })),
  { floor: 0 },
)}
${
  measured.length > 1 &&
  lineChart(
    "Coverage of lines",
    points(measured, (run) => coveragePoint(run, threshold)),
    { floor: null },
  )
}
</div>`,
    runsTable(runs, threshold),
  );
}

function thisRun(summary: Summary): PastRun {
  const { startedAt, commit, branch, verdict, seconds, suites, coverage } = summary;
  const workers = Math.max(...suites.map((suite) => suite.workers));
  return {
    at: startedAt,
    commit,
    branch,
    verdict,
    seconds,
    workers,
    tests: allTests(summary),
    lines: coverage?.lines ?? null,
  };
}

interface Measure {
  readonly value: number;
  readonly text: string;
}

interface Point extends Measure {
  readonly run: PastRun;
}

function points(runs: readonly PastRun[], measure: (run: PastRun) => Measure): Point[] {
  return runs.map((run) => ({ run, ...measure(run) }));
}

function coveragePoint({ lines }: PastRun, threshold: number): Measure {
  const { covered, total } = lines as Count;
  return { value: covered / total, text: formatPercent(covered, total, threshold) };
}

/** The axis begins at the floor, or at the minimum where that is null, as coverage varies little. */
function lineChart(name: string, all: readonly Point[], { floor }: { readonly floor: number | null }): Html {
  const values = all.map(({ value }) => value);
  const most = Math.max(...values);
  const least = floor ?? Math.min(...values);
  const span = most - least || 1;
  const placed = all.map((point, index) => ({
    ...point,
    index,
    // Half a step of space at both ends, so that no mark is cut off.
    x: percent(index + 0.5, all.length),
    y: most === least ? chartHeight / 2 : margin + (chartHeight - 2 * margin) * (1 - (point.value - least) / span),
  }));
  const byValue = placed.toSorted((left, right) => left.value - right.value);
  const [lowest, highest, last] = [byValue[0], byValue[byValue.length - 1], placed[placed.length - 1]];
  return html`<figure class="trend" data-marks>
<figcaption><h3>${name}</h3><p><strong>${last?.text}</strong> now, from ${lowest?.text} to ${highest?.text}</p></figcaption>
<svg width="100%" height="${chartHeight}" role="group" aria-label="${name} over ${plural(all.length, "run")}">
<line class="grid" x1="0" x2="100%" y1="${chartHeight - margin}" y2="${chartHeight - margin}"/>
${placed.slice(1).map(({ x, y }, index) => html`<line class="trend-line" x1="${placed[index]?.x}" y1="${placed[index]?.y.toFixed(1)}" x2="${x}" y2="${y.toFixed(1)}"/>`)}
${[highest, lowest].map((extreme) => valueLabel(extreme, placed.length, extreme === highest ? -9 : 18))}
${placed.map((point, index) => trendMark(point, index === 0))}
</svg>
${detailsLine("point")}
</figure>`;
}

interface PlacedPoint extends Point {
  readonly index: number;
  readonly x: string;
  readonly y: number;
}

/** Labels a point above or below, inside of the chart. */
function valueLabel(point: PlacedPoint | undefined, count: number, down: number): Content {
  if (point === undefined) return null;
  const { index, x, y, text } = point;
  const anchor = index === 0 ? "start" : index === count - 1 ? "end" : "middle";
  return html`<text class="tick" aria-hidden="true" x="${x}" y="${(y + down).toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}

function trendMark({ run, text, x, y }: PlacedPoint, isFirst: boolean): Html {
  const { at, commit, verdict, workers } = run;
  const title = `${formatMoment(at)}, ${shortId(commit)}: ${text}, ${plural(workers, "worker")}, ${verdict}`;
  const focus = html`data-mark tabindex="${isFirst ? 0 : -1}" role="img"`;
  return verdict === "verified"
    ? html`<circle class="point" ${focus} cx="${x}" cy="${y.toFixed(1)}" r="4"><title>${title}</title></circle>\n`
    : html`<text class="point-failed" ${focus} x="${x}" y="${(y + 5).toFixed(1)}" text-anchor="middle"><title>${title}</title>✕</text>\n`;
}

function runsTable(runs: readonly PastRun[], threshold: number): Content {
  const columns = [
    { name: "Begun" },
    { name: "Commit" },
    { name: "Verdict" },
    { name: "Tests" },
    { name: "Workers", isNumber: true },
    { name: "Time", isNumber: true },
    { name: "Coverage", isNumber: true },
  ];
  const rows = runs
    .toReversed()
    .map(({ at, commit, verdict, tests, workers, seconds, lines }) => [
      formatMoment(at),
      html`<code>${shortId(commit)}</code>`,
      verdict,
      countsText(tests),
      workers,
      formatSeconds(seconds),
      lines === null ? "" : formatPercent(lines.covered, lines.total, threshold),
    ]);
  return html`<details><summary>The runs as a table</summary>${pageTable("Recorded runs", columns, rows)}</details>`;
}
