import { coveragePart } from "./page/coverage.ts";
import { pageDocument } from "./page/document.ts";
import { failuresSection } from "./page/failures.ts";
import { pageFooter } from "./page/footer.ts";
import { html } from "./page/html.ts";
import { figuresSection, notesSection, pageTitle, reasonsSection, verdictHeader } from "./page/overview.ts";
import { checksSection, suitesSection } from "./page/suites.ts";
import { slowestSection, testsSection } from "./page/tests.ts";
import { timelineSection } from "./page/timeline.ts";
import { trendSection } from "./page/trend.ts";
import type { RunRecord } from "./run-record.ts";
import type { Summary } from "./summary.ts";

/**
 * `.verify/report.html`: one page that opens from disk and fetches nothing. What it says of the run it says without its
 * script, too; that adds what can be moved through and searched. Without a record (a reused proof, an error) it shows
 * what the summary alone knows.
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
