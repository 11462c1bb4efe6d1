import type { RunRecord, TestRecord } from "../../model/run-record.ts";
import type { Summary } from "../../model/summary.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import { formatSeconds, plainLine, plural } from "../../shared/text.ts";
import { dataBlock, type Html, html, pageSection, pageTable } from "./html.ts";

const slowest = 15;

/** Every test, searchable; tests.mjs creates the rows page by page. */
export function testsSection(summary: Summary, record: RunRecord | null): Html | null {
  if (summary.suites.length === 0) return null;
  if (record === null || record.tests.length === 0)
    return pageSection("tests", "Tests", html`<p>This run has no record of its single tests.</p>`);
  return pageSection(
    "tests",
    "Tests",
    html`<form id="test-search" class="control search" role="search" hidden>
<label class="words">Words in the name, file or worker <input type="search" id="test-words" autocomplete="off" spellcheck="false"></label>
<label>Outcome <select id="test-outcome"><option value="">all</option><option>passed</option><option>failed</option><option>skipped</option></select></label>
<label>Order <select id="test-order"><option value="failed">failed first</option><option value="slowest">slowest first</option><option value="name">by name</option></select></label>
</form>
<p id="test-count" role="status">${plural(record.tests.length, "test")}</p>
<noscript><p>To search them, the page needs its script.</p></noscript>
<div class="table" id="test-table" role="region" aria-label="Tests" tabindex="0" hidden><table>
<caption>Tests</caption>
<thead><tr><th scope="col">Test</th><th scope="col">File</th><th scope="col">Worker</th><th scope="col">Outcome</th><th scope="col" class="number">Time</th></tr></thead>
<tbody id="test-rows"></tbody>
</table></div>
<div id="test-pages" class="control pages" hidden><button type="button" id="test-previous">Previous</button> <span id="test-page"></span> <button type="button" id="test-next">Next</button></div>`,
    dataBlock("test-data", testData(record.tests)),
  );
}

/** The data for tests.mjs: a list of names without duplicates, and tests that refer to it. */
function testData(tests: readonly TestRecord[]): unknown {
  const names = new Map<string, number>();
  const place = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  const rows = tests.map(({ suite, file, name, worker, outcome, seconds, reused }) => [
    plainLine(name),
    place(plainLine(file)),
    place(reused ? "reused" : worker === null ? "" : plainLine(worker)),
    place(plainLine(suite)),
    place(outcome),
    seconds,
    place(formatSeconds(seconds)),
  ]);
  return { names: [...names.keys()], tests: rows };
}

/** The slowest files, by the sum of their tests. */
export function slowestSection(record: RunRecord | null): Html | null {
  if (record === null || record.tests.length === 0) return null;
  const files = [...groupedBy(record.tests, ({ suite, file }) => JSON.stringify([suite, file])).values()].map(
    (tests) => ({
      file: tests[0]?.file,
      tests: tests.length,
      seconds: tests.reduce((sum, { seconds }) => sum + seconds, 0),
    }),
  );
  const rows = files
    .sort((left, right) => right.seconds - left.seconds)
    .slice(0, slowest)
    .map(({ file, tests, seconds }) => [
      html`<code>${file}</code>`,
      { content: tests, value: tests },
      { content: formatSeconds(seconds), value: seconds },
    ]);
  const columns = [{ name: "File" }, { name: "Tests", isNumber: true }, { name: "Time", isNumber: true }];
  return pageSection("slowest", "Slowest files", pageTable("Slowest files", columns, rows, { isSortable: true }));
}
