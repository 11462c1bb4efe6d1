import { figures } from "../../model/figures.ts";
import { allRejections, rejectionRemedies, rejectionText } from "../../model/rejections.ts";
import type { Summary, Verdict } from "../../model/summary.ts";
import { formatMoment, formatSeconds, shortId } from "../../shared/text.ts";
import { letThroughSentences, racesLetThrough, subjectOf, verdictInWords } from "../verdict.ts";
import { type Content, type Html, html, pageList, pageSection } from "./html.ts";

/** A sign for each verdict, readable without color. */
const signs: Readonly<Record<Verdict, string>> = { verified: "✓", failed: "✕", error: "!", interrupted: "!" };

/** The title of the page. */
export function pageTitle(summary: Summary): string {
  return `${verdictInWords(summary)}: ${subjectOf(summary)}`;
}

/** The verdict and its subject. */
export function verdictHeader(summary: Summary): Html {
  const { verdict, commit, branch, startedAt, seconds, receipt } = summary;
  const isPartial = summary.incomplete.length > 0 || racesLetThrough(summary) > 0;
  const mood = verdict === "verified" && isPartial ? "partial" : verdict;
  const facts: (readonly [string, Content])[] = [
    ["Commit", html`<code title="${commit}">${shortId(commit)}</code>`],
    ["Branch", branch === null ? "none" : html`<code>${branch}</code>`],
    ["Started", html`<time datetime="${startedAt}">${formatMoment(startedAt)}</time>`],
    ["Took", formatSeconds(seconds)],
  ];
  return html`<header class="top" data-verdict="${mood}">
<div class="verdict">
<span class="sign" aria-hidden="true">${mood === "partial" ? "!" : signs[verdict]}</span>
<div class="said">
<h1>${verdictInWords(summary)}</h1>
<p class="subject">${subjectOf(summary)}</p>
</div>
<button type="button" id="theme" class="control" hidden>Dark</button>
</div>
<dl class="facts">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${
  receipt?.reused &&
  html`<p>Tree <code>${shortId(receipt.tree)}</code> was verified by an earlier run, so nothing ran again; the figures are from that run.</p>`
}
</header>`;
}

/** The reasons for the verdict. */
export function reasonsSection(summary: Summary): Html | null {
  const reasons = [...summary.reasons, ...letThroughSentences(summary)];
  const missing = summary.incomplete.map((what) => `Left out: ${what}.`);
  return pageSection("reasons", "Reasons", pageList([...reasons, ...missing]));
}

/** The main figures. */
export function figuresSection(summary: Summary): Html | null {
  const all = figures(summary);
  if (all.length === 0) return null;
  return pageSection(
    "figures",
    "Figures",
    html`<dl class="figures">${all.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`,
  );
}

/** Notes that do not affect the verdict. */
export function notesSection(summary: Summary): Html | null {
  const rejections = allRejections(summary);
  return pageSection(
    "notes",
    "Notes",
    pageList([
      ...summary.notes,
      ...rejections.map((rejection) => `${rejectionText(rejection)}.`),
      ...rejectionRemedies(rejections),
    ]),
  );
}
