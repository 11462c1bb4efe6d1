import { allRejections, refusedDuring } from "../../model/rejections.ts";
import type { Failure, Summary } from "../../model/summary.ts";
import { clip, plural } from "../../shared/text.ts";
import { allFailures, failureWords, racesLetThrough, ranBeforeText } from "../verdict.ts";
import { type Content, type Html, html, pageSection, reportLink } from "./html.ts";

const mostFailures = 200;
/** Only the first ones are unfolded, to keep the page short. */
const openFailures = 10;
const longestMessage = 20_000;

/** The failed tests with their messages. */
export function failuresSection(summary: Summary): Html | null {
  const failures = allFailures(summary);
  if (failures.length === 0) return null;
  const hidden = failures.length - mostFailures;
  return pageSection(
    "failures",
    `${racesLetThrough(summary) > 0 ? "Flaky tests let through" : "Failures"} (${failures.length})`,
    failures.slice(0, mostFailures).map((failure, index) => failureDetails(failure, summary, index < openFailures)),
    hidden > 0 && html`<p>… and ${plural(hidden, "more failure")}, in summary.json and the logs.</p>`,
  );
}

function failureDetails(failure: Failure & { readonly log: string }, summary: Summary, isOpen: boolean): Html {
  const { name, message, log } = failure;
  const { receipt } = summary;
  const refused = refusedDuring(failure, allRejections(summary)).map(({ database }) => database);
  const meanwhile = refused.length === 0 ? "" : `, while the server refused it ${refused.join(", ")}`;
  // For a reused receipt, the files no longer exist.
  const repeat = receipt?.reused ? undefined : failure.race?.repeat;
  return html`<details class="failure"${isOpen && html` open`}>
<summary><span class="key key-failed" aria-hidden="true">✕</span> <span class="name">${name}</span></summary>
<p>${howItFailed(failure)}${meanwhile}. The full output is in ${reportLink(log, receipt)}.</p>
${message.trim() !== "" && html`<pre tabindex="0">${clip(message, longestMessage)}</pre>`}
${repeat && html`<p>The same tests in that order again:</p><pre tabindex="0">${repeat}</pre>`}
</details>`;
}

function howItFailed(failure: Failure): Content {
  const { file, worker, kind } = failure;
  const where = html`${worker !== undefined && ` on ${worker}`}, in <code>${file}</code>`;
  if (kind !== "race") return html`${failureWords[kind]}${where}`;
  return html`Flaky: it failed${where}, ${ranBeforeText(failure)}, and passes alone`;
}
