import type { RunRecord, TimelineBar } from "../../model/run-record.ts";
import type { SuiteSummary, Summary } from "../../model/summary.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import { compareNames, formatSeconds, plural } from "../../shared/text.ts";
import { detailsLine, fitted, percent, timeTicks } from "./chart.ts";
import { type Html, html, pageSection } from "./html.ts";

const laneHeight = 26;
const barHeight = 20;
/** Space for the bound's label. */
const headHeight = 18;
const axisHeight = 22;
/** Labels are chosen for this chart width in pixels; narrower charts show none. */
const labelWidth = 600;
/** The minimum width of a bar with a sign on its own background, in pixels. */
const signWidth = 17;
/** The minimum width of a bar, in percent. */
const leastWidth = 0.25;

/** A timeline of workers: a lane each, a bar per file, and the bound. */
export function timelineSection(summary: Summary, record: RunRecord | null): Html | null {
  if (summary.suites.length === 0) return null;
  if (record === null || record.timeline.length === 0)
    return pageSection("timeline", "Timeline", html`<p>This run has no record of when its files ran.</p>`);
  const end = Math.max(...record.timeline.map((bar) => bar.start + bar.seconds));
  const hasFailed = record.timeline.some(({ failed }) => failed > 0);
  const suites = groupedBy(record.timeline, ({ suite }) => suite);
  const charts = [...suites].map(([name, bars]) => {
    const suite = summary.suites.find((one) => one.name === name);
    return { name, bars, bound: boundOf(suite, bars) };
  });
  const span = Math.max(end, ...charts.map(({ bound }) => bound?.at ?? 0)) || 1;
  return pageSection(
    "timeline",
    "Timeline",
    html`<p class="hint">Each bar is a worker's turn at a file${hasFailed && html`; <span class="key key-failed">✕</span> marks those with failed tests`}.</p>`,
    charts.map((chart) => suiteChart(chart, span)),
  );
}

interface Bound {
  /** In seconds since the run began. */
  readonly at: number;
  readonly label: string;
}

interface SuiteChart {
  readonly name: string;
  readonly bars: readonly TimelineBar[];
  readonly bound: Bound | null;
}

/** The earliest possible end: the bound, counted from the first test. */
function boundOf(suite: SuiteSummary | undefined, bars: readonly TimelineBar[]): Bound | null {
  if (suite?.schedule === undefined || suite.schedule.boundSeconds === 0) return null;
  const { boundSeconds } = suite.schedule;
  const start = Math.min(...bars.map((bar) => bar.start));
  return { at: start + boundSeconds, label: `Bound: ${formatSeconds(boundSeconds)}` };
}

function suiteChart({ name, bars, bound }: SuiteChart, span: number): Html {
  const lanes = [...groupedBy(bars, ({ worker }) => worker)]
    .map(([worker, turns]) => ({ worker, turns: turns.toSorted((left, right) => left.start - right.start) }))
    .sort((left, right) => compareWorkers(left.worker, right.worker));
  const height = headHeight + lanes.length * laneHeight;
  const label = `Timeline of ${name}: ${plural(bars.length, "turn")} on ${plural(lanes.length, "worker")}`;
  const ticks = timeTicks(span);
  let index = 0;
  return html`<figure class="timeline" data-marks>
<figcaption><h3>${name}</h3></figcaption>
<div class="lanes">
<div class="lane-names" aria-hidden="true">${lanes.map(({ worker }) => html`<div>${worker}</div>`)}</div>
<svg width="100%" height="${height + axisHeight}" role="group" aria-label="${label}">
${pattern}
${ticks.map((tick) => html`<line class="grid" x1="${percent(tick, span)}" x2="${percent(tick, span)}" y1="${headHeight}" y2="${height}"/>`)}
${ticks.map((tick, place) => html`<text class="tick" x="${percent(tick, span)}" y="${height + 16}" text-anchor="${anchorOf(place, ticks.length, tick / span)}">${tickText(tick)}</text>`)}
${lanes.map(({ turns }, lane) => turns.map((bar) => barMark(bar, { y: headHeight + lane * laneHeight + 3, span, isFirst: index++ === 0 })))}
${bound && boundLine(bound, span, height)}
</svg>
</div>
${detailsLine("bar")}
</figure>`;
}

const pattern = html`<defs><pattern id="failed-pattern" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="failed-ground" width="6" height="6"/><rect class="failed-stripe" width="2.5" height="6"/></pattern></defs>`;

interface BarPlace {
  readonly y: number;
  readonly span: number;
  readonly isFirst: boolean;
}

function barMark(bar: TimelineBar, { y, span, isFirst }: BarPlace): Html {
  const { file, worker, start, seconds, failed } = bar;
  const result = failed === 0 ? "" : `; ${plural(failed, "test")} failed`;
  const title = `${file}: ${formatSeconds(seconds)} on ${worker}, from ${formatSeconds(start)} on${result}`;
  const share = Math.max((100 * seconds) / span, leastWidth);
  const middle = percent(start + seconds / 2, span);
  const label = fitted(file.slice(file.lastIndexOf("/") + 1), (share / 100) * labelWidth - 8);
  return html`<rect class="bar${failed > 0 && " failed"}" data-mark tabindex="${isFirst ? 0 : -1}" role="img" x="${percent(start, span)}" y="${y}" width="${share.toFixed(3)}%" height="${barHeight}" rx="3"><title>${title}</title></rect>${
    failed > 0
      ? failedSign(middle, y, (share / 100) * labelWidth)
      : label !== "" &&
        html`<text class="bar-label" aria-hidden="true" x="${percent(start, span)}" dx="5" y="${y + 14}">${label}</text>`
  }\n`;
}

/** The sign gets its own background where that does not hide the bar. */
function failedSign(middle: string, y: number, width: number): Html {
  const hasGround = width >= signWidth;
  const ground = html`<circle class="bar-sign" cx="${middle}" cy="${y + barHeight / 2}" r="7.5"/>`;
  return html`${hasGround && ground}<text class="bar-sign${!hasGround && " bare"}" aria-hidden="true" x="${middle}" y="${y + 14.5}" text-anchor="middle">✕</text>`;
}

function boundLine({ at, label }: Bound, span: number, height: number): Html {
  const x = percent(at, span);
  const anchor = at / span > 0.5 ? html`text-anchor="end" dx="-5"` : html`text-anchor="start" dx="5"`;
  return html`<line class="bound" x1="${x}" x2="${x}" y1="0" y2="${height}"/><text class="bound-label" x="${x}" y="12" ${anchor}>${label}</text>`;
}

/** Keeps labels inside of the chart. */
function anchorOf(place: number, count: number, share: number): string {
  if (place === 0) return "start";
  return place === count - 1 && share > 0.95 ? "end" : "middle";
}

/** Whole steps are written without decimals. */
function tickText(seconds: number): string {
  return seconds === 0
    ? "0"
    : formatSeconds(seconds)
        .replace(/ 0\.0 s$/, "")
        .replace(/\.0 s$/, " s");
}

/** Sorts gw2 before gw10. */
function compareWorkers(left: string, right: string): number {
  const number = (worker: string): number => Number(/\d+$/.exec(worker)?.[0] ?? -1);
  return number(left) - number(right) || compareNames(left, right);
}
