import { countsText, databasesText } from "../../model/figures.ts";
import type { Summary } from "../../model/summary.ts";
import { formatSeconds } from "../../shared/text.ts";
import { type Html, html, pageSection, pageTable, reportLink } from "./html.ts";

const number = { isNumber: true };

/** The suites that ran. */
export function suitesSection({ suites, receipt }: Summary): Html | null {
  if (suites.length === 0) return null;
  const columns = [
    { name: "Suite" },
    { name: "Command" },
    { name: "Tests" },
    { name: "Time", ...number },
    { name: "Workers", ...number },
    { name: "Databases" },
    { name: "Log" },
  ];
  const rows = suites.map((suite) => [
    suite.name,
    html`<code>${suite.command}</code>`,
    countsText(suite.tests),
    suite.reuse?.ran === 0 ? "reused" : formatSeconds(suite.seconds),
    suite.workers,
    databasesText(suite),
    reportLink(suite.log, receipt),
  ]);
  return pageSection("suites", "Suites", pageTable("Suites", columns, rows));
}

/** The checks of the run. */
export function checksSection({ checks, receipt }: Summary): Html | null {
  if (checks.length === 0) return null;
  const columns = [
    { name: "Check" },
    { name: "Command" },
    { name: "Result" },
    { name: "Time", ...number },
    { name: "Log" },
  ];
  const rows = checks.map(({ name, command, passed, seconds, log }) => [
    name,
    html`<code>${command}</code>`,
    passed ? html`<span class="passed">✓ passed</span>` : html`<span class="failed">✕ failed</span>`,
    formatSeconds(seconds),
    reportLink(log, receipt),
  ]);
  return pageSection("checks", "Checks", pageTable("Checks", columns, rows));
}
