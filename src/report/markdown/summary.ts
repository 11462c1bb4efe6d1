import { changesFigure, countsText, databasesText, figures } from "../../model/figures.ts";
import { allRejections, refusedDuring, rejectionRemedies } from "../../model/rejections.ts";
import type { Failure, RunningSummary, Summary } from "../../model/summary.ts";
import { clip, formatMoment, formatSeconds, listed, plural, shortId } from "../../shared/text.ts";
import { flakyName } from "../flaky.ts";
import {
  allFailures,
  failureWords,
  letThroughSentences,
  racesLetThrough,
  ranBeforeText,
  subjectOf,
  verdictInWords,
  verdictMark,
} from "../verdict.ts";
import { binaryOrCounts, changedName } from "./changes.ts";
import { coverageSection } from "./coverage-section.ts";
import { code, escapeMarkdown, fencedBlock, joined, list, section, table } from "./markdown.ts";
import { performanceTable } from "./performance-table.ts";
import { quickCommands } from "./quick-commands.ts";
import { troubleshooting } from "./troubleshooting.ts";

const shownFailures = 10;
const shownRejections = 20;
const shownRaces = 10;
const shownFlaky = 20;
const shownFiles = 60;
const shownCommits = 60;
const longestMessage = 4_000;

/** `.verify/summary.md`: the verdict and reasons, then the figures. Unmeasured figures are left out. */
export function summaryMarkdown(summary: Summary): string {
  return `${joined([
    `# ${verdictMark(summary)} ${verdictInWords(summary)}: ${escapeMarkdown(subjectOf(summary))}`,
    reusedSentence(summary),
    list([...summary.reasons, ...letThroughSentences(summary)].map(escapeMarkdown)),
    figuresTable(summary),
    failuresSection(summary),
    runningSection(summary),
    flakySection(summary),
    rejectionsSection(summary),
    coverageSection(summary.coverage),
    suitesSection(summary),
    section("Performance", performanceTable(summary)),
    checksSection(summary),
    section("Notes", list(summary.notes.map(escapeMarkdown))),
    verifiedSection(summary),
    changesSection(summary),
    commitsSection(summary),
    slowestSection(summary),
    racesSection(summary),
    troubleshootingSection(summary),
    commandsSection(summary),
    logsSection(summary),
  ])}\n`;
}

function reusedSentence({ receipt }: Summary): string | null {
  if (!receipt?.reused) return null;
  return `Tree ${code(shortId(receipt.tree))} was verified by an earlier run, so nothing ran again; the figures are from that run.`;
}

function figuresTable(summary: Summary): string | null {
  const rows = figures(summary).map(([label, value]) => [label, escapeMarkdown(value)]);
  return rows.length === 0 ? null : table(["Figure", "Measured"], rows);
}

function failuresSection(summary: Summary): string | null {
  const failures = allFailures(summary);
  const hidden = failures.slice(shownFailures);
  const logs = [...new Set(hidden.map(({ log }) => code(log)))].join(", ");
  return section(
    `${racesLetThrough(summary) > 0 ? "Flaky tests let through" : "Failures"} (${failures.length})`,
    ...failures.slice(0, shownFailures).map((failure) => failureText(failure, summary)),
    hidden.length === 0 ? null : `… and ${plural(hidden.length, "more failure")}, in ${logs}`,
  );
}

function failureText(failure: Failure & { readonly log: string }, summary: Summary): string {
  const { name, message, log } = failure;
  const refused = refusedDuring(failure, allRejections(summary)).map(({ database }) => code(database));
  const meanwhile = refused.length === 0 ? "" : `, while the server refused it ${refused.join(", ")}`;
  const heading = `### ${code(name)}\n\n${howItFailed(failure)}${meanwhile}. The full output is in ${code(log)}.`;
  // For a reused receipt, these files no longer exist.
  const repeat = summary.receipt?.reused ? null : failure.race?.repeat;
  return [
    heading,
    ...(message.trim() === "" ? [] : [fencedBlock(clip(message, longestMessage))]),
    ...(repeat ? ["The same tests in that order again:", fencedBlock(repeat, "sh")] : []),
  ].join("\n\n");
}

/** "Failed on gw1, in `tests/test_a.py`"; for a race also its circumstances. */
function howItFailed(failure: Failure): string {
  const { file, worker, kind } = failure;
  const where = `${worker === undefined ? "" : ` on ${escapeMarkdown(worker)}`}, in ${code(file)}`;
  if (kind !== "race") return `${failureWords[kind]}${where}`;
  return `Flaky: it failed${where}, ${ranBeforeText(failure, code)}, and passes alone`;
}

/** The tests that were running when the run was interrupted. */
function runningSection({ suites }: Summary): string | null {
  const running = suites.flatMap((suite) => suite.running ?? []);
  if (running.length === 0) return null;
  const lines = listed(running, shownFlaky, runningText, "test");
  return section("Running when it ended", list(lines));
}

function runningText({ file, name, worker, seconds }: RunningSummary): string {
  const where = worker === undefined ? "" : `${escapeMarkdown(worker)}, `;
  return `${code(`${file} › ${name}`)} (${where}for ${formatSeconds(seconds)})`;
}

/** Flaky tests, which the runner's retries hide. */
function flakySection({ suites }: Summary): string | null {
  const flaky = suites.flatMap((suite) => suite.flaky ?? []);
  if (flaky.length === 0) return null;
  const shown = listed(flaky, shownFlaky, (test) => code(flakyName(test)), "test");
  return section(`Passed when run again (${flaky.length})`, list(shown));
}

function rejectionsSection(summary: Summary): string | null {
  const rejections = allRejections(summary);
  if (rejections.length === 0) return null;
  const rows = rejections
    .slice(0, shownRejections)
    .map(({ worker, database, times, files }) => [
      escapeMarkdown(worker),
      code(database),
      String(times),
      listed(files, 5, code, "file").join(", ") || "no test file",
    ]);
  const hidden = rejections.length - rows.length;
  return section(
    "Refused by the server",
    table(["Who", "Tried to reach", "Times", "During"], rows, [2]),
    hidden > 0 ? `… and ${plural(hidden, "more database")}` : null,
    list(rejectionRemedies(rejections).map(escapeMarkdown)),
  );
}

function suitesSection({ suites }: Summary): string | null {
  if (suites.length === 0) return null;
  const rows = suites.map((suite) => [
    escapeMarkdown(suite.name),
    code(suite.command),
    countsText(suite.tests),
    formatSeconds(suite.seconds),
    String(suite.workers),
    databasesText(suite, code),
  ]);
  return section("Suites", table(["Suite", "Command", "Tests", "Time", "Workers", "Databases"], rows, [3, 4]));
}

function checksSection({ checks }: Summary): string | null {
  if (checks.length === 0) return null;
  const rows = checks.map(({ name, command, passed, seconds }) => [
    escapeMarkdown(name),
    code(command),
    passed ? "passed" : "**failed**",
    formatSeconds(seconds),
  ]);
  return section("Checks", table(["Check", "Command", "Result", "Time"], rows, [3]));
}

function verifiedSection(summary: Summary): string | null {
  const places = {
    checkout: "The clean checkout, at this commit",
    worktree: "A worktree of its own, with this commit's files",
    "working tree": "The working tree, uncommitted files included",
  };
  const rows: [string, string | null][] = [
    ["Commit", code(summary.commit)],
    ["Tree", code(summary.tree)],
    ["Branch", summary.branch && code(summary.branch)],
    ["Where", places[summary.verifiedIn]],
    ["Database server", summary.server && escapeMarkdown(summary.server)],
    ["Environment", escapeMarkdown(summary.environment)],
    ["Started", formatMoment(summary.startedAt)],
    ["By", `pushproof ${escapeMarkdown(summary.version)}`],
  ];
  return section(
    "What was verified",
    table(
      ["What", "Value"],
      rows.filter((row): row is [string, string] => row[1] !== null),
    ),
  );
}

function changesSection({ changes }: Summary): string | null {
  if (!changes || changes.files.length === 0) return null;
  const rows = changes.files.slice(0, shownFiles).map((change) => [changedName(change), ...binaryOrCounts(change)]);
  const hidden = changes.files.length - rows.length;
  return section(
    "Changes by file",
    `Against ${code(changes.base)} (merge base ${code(shortId(changes.mergeBase))}): ${changesFigure(changes.files)}.`,
    table(["File", "Added", "Removed"], rows, [1, 2]),
    hidden > 0 ? `… and ${plural(hidden, "more file")}` : null,
  );
}

function commitsSection({ changes }: Summary): string | null {
  if (!changes) return null;
  const write = ({ commit, subject }: { commit: string; subject: string }): string =>
    `${code(shortId(commit))} ${escapeMarkdown(subject)}`;
  return section("Commits", list(listed(changes.commits, shownCommits, write, "commit")));
}

/** The slowest files of each suite, where a shorter run begins. */
function slowestSection({ suites }: Summary): string | null {
  const rows = suites.flatMap(({ name, slowestFiles = [] }) =>
    slowestFiles
      .filter(({ seconds }) => seconds > 0)
      .map(({ file, seconds, tests }) => [
        code(file),
        ...(suites.length > 1 ? [escapeMarkdown(name)] : []),
        String(tests),
        formatSeconds(seconds),
      ]),
  );
  const header = ["File", ...(suites.length > 1 ? ["Suite"] : []), "Tests", "Time"];
  return section(
    "Slowest files",
    rows.length === 0 ? null : table(header, rows, [header.length - 2, header.length - 1]),
  );
}

/** Earlier races, which are likely to happen again. */
function racesSection({ history }: Summary): string | null {
  const races = history?.races ?? [];
  if (races.length === 0) return null;
  const write = ({ file, name, times }: (typeof races)[number]): string =>
    `${code(`${file} › ${name}`)}: ${plural(times, "time")}`;
  return section("Flaky in the last 30 runs", list(listed(races, shownRaces, write, "test")));
}

function troubleshootingSection(summary: Summary): string | null {
  const remedies = troubleshooting(summary);
  return section("Troubleshooting", ...remedies.map(({ what, help }) => `**${what}.**\n\n${list(help)}`));
}

function commandsSection(summary: Summary): string | null {
  const lines = quickCommands(summary).map(({ what, command }) => `# ${what}\n${command}`);
  return section("Quick commands", fencedBlock(lines.join("\n\n"), "sh"));
}

/** Logs of an earlier run may have been overwritten. */
function logsSection({ suites, checks, receipt }: Summary): string | null {
  if (receipt?.reused) return null;
  const logs = [...suites, ...checks].map(({ name, log }) => `${escapeMarkdown(name)}: ${code(log)}`);
  return section("Logs", list(logs));
}
