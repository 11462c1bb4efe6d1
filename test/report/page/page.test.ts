import { describe, expect, test } from "vitest";
import { html } from "../../../src/report/page/html.ts";
import { reportPage } from "../../../src/report/page/page.ts";
import { packageRoot } from "../../../src/shared/paths.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";
import { pageSummary, sampleCoverage, sampleRecord, smallSummary } from "../page-sample.ts";
import { racedSummary, refusedSummary, sampleFailures, sampleSummary } from "../sample.ts";

const policyOf = (page: string): string => /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
/** What the page says, without its markup. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)\b.*?<\/\1>/gs, "")
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

test("text in a template stays text, and markup that was made by one stays markup", () => {
  expect(html`<p title="${`"x'`}">${"<b>&"}${html`<i>${1}</i>`}${null}${false}${["a", "<"]}</p>`.text).toBe(
    '<p title="&#34;x&#39;">&#60;b&#62;&#38;<i>1</i>a&#60;</p>',
  );
});

test("control characters, and what turns the writing direction, go", () => {
  expect(html`${"a\u0000b\u001b[31mc\u202ed\te\n"}`.text).toBe("abcd\te\n");
});

test("the policy lets nothing be fetched, and names each script and style by its hash", () => {
  const policy = policyOf(reportPage(smallSummary(), null));
  expect(policy).toMatch(/^default-src &#39;none&#39;; /);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(policy.match(/sha256-/g)).toHaveLength(6);
});

test("nothing in the page points outside of it, but for the reports beside it", () => {
  const page = reportPage(pageSummary(), sampleRecord());
  const addresses = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
  expect(
    addresses.filter((address) => !/^(#[\w-]+|logs\/[\w.-]+|[\w-]+\.(md|json|lcov))$/.test(address ?? "")),
  ).toEqual([]);
});

test("a share just below the gate is not shown as the gate", () => {
  const coverage = { ...sampleCoverage(), lines: { covered: 94_996, total: 100_000 }, gates: undefined };
  const text = textOf(reportPage(sampleSummary({ coverage }), null));
  expect(text).toContain("94.99 % of lines (94996 of 100000), gate 95 %");
});

describe("without a record", () => {
  test("the page says so where the tests would be", () => {
    const text = textOf(reportPage(pageSummary(), null));
    expect(text).toContain("This run has no record of its single tests.");
    expect(text).toContain("This run has no record of when its files ran.");
  });

  test("a verification that came to no suite has no empty sections", () => {
    const summary = pageSummary({ verdict: "error", suites: [], coverage: null, checks: [], notes: [] });
    const page = reportPage({ ...summary, reasons: ["The server did not start."] }, null);
    expect([...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)).toEqual(["reasons", "figures"]);
  });

  test("a reused proof names its tree and has no links to logs, which may be gone", () => {
    const summary = sampleSummary({ receipt: { tree: sampleSummary().tree, reused: true } });
    const page = reportPage(summary, null);
    expect(textOf(page)).toContain("Tree 9b1deb4 was verified by an earlier run");
    expect(page).not.toContain('href="logs/');
    expect(reportPage(sampleSummary(), null)).toContain('href="logs/backend.log"');
  });
});

test("the sections come in the order in which a reader asks", () => {
  const page = reportPage(pageSummary(), sampleRecord());
  expect([...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id).join(" ")).toBe(
    "reasons figures timeline coverage trend failures tests slowest suites checks notes",
  );
});

test("races that were let through are in the reasons and are called what they are", () => {
  const text = textOf(reportPage(racedSummary(sampleSummary()), null));
  expect(text).toContain('1 flaky test in backend let through, as "races" is "warn"');
  expect(text).toContain("Flaky tests let through (1)");
  expect(text).toContain("npx verify repeat .verify/orders/1-gw1.json");
});

test("what the server refused is in the notes", () => {
  expect(textOf(reportPage(refusedSummary(sampleSummary()), null))).toContain(
    "gw1 tried to reach ledger_test_gw0 (3 times), in tests/test_ledger.py.",
  );
});

test("of very many failures the page shows some and says how many more there are", () => {
  const suites = pageSummary().suites.map((suite) => ({ ...suite, failures: sampleFailures(230) }));
  const page = reportPage(pageSummary({ suites }), null);
  expect(page.match(/<details class="failure"/g)).toHaveLength(200);
  expect(textOf(page)).toContain("… and 30 more failures");
});

test("of very many covered files a tile of the treemap is a directory", () => {
  const page = reportPage(pageSummary({ coverage: sampleCoverage(900) }), null);
  const tiles = [...page.matchAll(/class="tile [^>]*><title>([^<]*)</g)].map(([, title]) => title?.split(":")[0]);
  expect([...new Set(tiles)].sort()).toEqual(["src/accounts", "src/ledger", "src/reports/monthly", "src/web"]);
});

test("without earlier runs there is no trend", () => {
  expect(reportPage(smallSummary(), sampleRecord())).not.toContain('id="trend"');
});

test("the package holds the page's scripts and styles", async () => {
  const { output } = await runShell(
    "npm pack --dry-run --json --ignore-scripts 2>/dev/null",
    packageRoot,
    suiteEnvironment(),
  );
  const names = [...output.matchAll(/"path": "src\/report\/page\/([^"]*)"/g)].map(([, name]) => name);
  expect(names.map((name) => name?.replace("browser/", "")).sort()).toEqual([
    "charts.css",
    "marks.mjs",
    "page.css",
    "print.css",
    "print.mjs",
    "sections.css",
    "tables.mjs",
    "tests.mjs",
    "theme.mjs",
  ]);
});
