import type { RunRecord } from "../../model/run-record.ts";
import type { Summary } from "../../model/summary.ts";
import { coveragePart } from "./coverage.ts";
import { pageDocument } from "./document.ts";
import { failuresSection } from "./failures.ts";
import { pageFooter } from "./footer.ts";
import { html } from "./html.ts";
import { figuresSection, notesSection, pageTitle, reasonsSection, verdictHeader } from "./overview.ts";
import { checksSection, suitesSection } from "./suites.ts";
import { slowestSection, testsSection } from "./tests.ts";
import { timelineSection } from "./timeline.ts";
import { trendSection } from "./trend.ts";

/**
 * `.verify/report.html`: a page that opens from disk without requests. It is complete without scripts, which add
 * navigation and search. Without a record (reused receipt, error) it shows the summary only.
 */
export function reportPage(summary: Summary, record: RunRecord | null): string {
  const sections = [
    ["Reasons", reasonsSection(summary)],
    ["Figures", figuresSection(summary)],
    ["Timeline", timelineSection(summary, record)],
    ["Coverage", coveragePart(summary.coverage)],
    ["Trend", trendSection(summary)],
    ["Failures", failuresSection(summary)],
    ["Tests", testsSection(summary, record)],
    ["Slowest files", slowestSection(record)],
    ["Suites", suitesSection(summary)],
    ["Checks", checksSection(summary)],
    ["Notes", notesSection(summary)],
  ] as const;
  const shown = sections.flatMap(([name, section]) => (section === null ? [] : [{ name, section }]));
  const links = shown.map(({ name }) => html`<li><a href="#${name.split(" ")[0]?.toLowerCase()}">${name}</a></li>`);
  return pageDocument(
    pageTitle(summary),
    html`<a class="skip" href="#main">Skip to the report</a>
${verdictHeader(summary)}
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main id="main" tabindex="-1">
${shown.map(({ section }) => section)}
</main>
${pageFooter(summary)}
`,
  );
}
