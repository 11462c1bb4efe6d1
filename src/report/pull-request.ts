import { changesFigure, figures } from "./figures.ts";
import { code, escapeMarkdown, fencedBlock, joined, list, section, table } from "./markdown.ts";
import { type ChangesLimits, changesByFile } from "./markdown-changes.ts";
import { allRejections, rejectionText } from "./rejections.ts";
import type { CommitSummary, RejectionSummary, Summary } from "./summary.ts";
import { clip, formatSeconds, listed, plainLine, plainText, shortId } from "./text.ts";
import { letThroughSentences, verdictInWords, verdictMark } from "./verdict.ts";

/** Below the 65,536 characters that hosts take, with room for what an author adds. */
const longestBody = 60_000;
const longestTitle = 200;
const shownReasons = 10;
const shownDatabases = 4;
const shownRejections = 3;

/** How much is shown; a body that comes out too long is written again with the next. */
interface Limits extends ChangesLimits {
  readonly commits: number;
  /** Of one commit's message, in characters. */
  readonly message: number;
  /** Of a subject, a reason or a command, in characters. */
  readonly line: number;
}
const generous: Limits = { commits: 50, message: 20_000, line: 1_000, areas: 20, filesPerArea: 20 };
const narrower: Limits = { commits: 20, message: 8_000, line: 500, areas: 10, filesPerArea: 5 };
const narrowest: Limits = { commits: 5, message: 2_000, line: 200, areas: 3, filesPerArea: 3 };

/**
 * `.verify/pull-request.md`: a body ready to be sent, its first line the title. Everything in it comes from the
 * commits or was measured. Stays under 60,000 characters: lists are cut, and say so.
 */
export function pullRequestBody(summary: Summary): string {
  for (const limits of [generous, narrower, narrowest]) {
    const text = body(summary, limits);
    if (text.length < longestBody) return text;
  }
  return `${clip(body(summary, narrowest), longestBody - 1)}\n`;
}

/** The title: the only commit's subject, else what the branch's name says, else the newest commit's subject. */
export function pullRequestTitle({ branch, changes, commit }: Summary): string {
  const commits = changes?.commits ?? [];
  const [only] = commits;
  const base = `/${(changes?.base ?? "").replace(/@\{1\}$/, "")}`;
  if (only && commits.length === 1) return clip(plainLine(only.subject), longestTitle);
  if (branch !== null && !base.endsWith(`/${branch}`)) return clip(humanized(branch), longestTitle);
  return clip(plainLine(commits.at(-1)?.subject ?? `Commit ${shortId(commit)}`), longestTitle);
}

function body(summary: Summary, limits: Limits): string {
  return `${joined([
    `# ${escapeMarkdown(pullRequestTitle(summary))}`,
    warning(summary, limits),
    summarySection(summary, limits),
    section("Verification", verificationTable(summary)),
    changesSection(summary, limits),
    repeatSection(summary, limits),
    issuesSection(summary, limits),
  ])}\n`;
}

/** "feature/ABC-12-ledger_balances" says "ABC-12: ledger balances"; "perf/ci-speedup" says "Ci speedup". */
function humanized(branch: string): string {
  const [, key, rest = ""] = /^([A-Z][A-Z0-9]*-\d+)?[-_]?(.*)$/.exec(branch.split("/").at(-1) ?? branch) ?? [];
  const words = plainLine(rest.replace(/[-_]+/g, " "));
  if (key !== undefined) return words === "" ? key : `${key}: ${words}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function warning(summary: Summary, limits: Limits): string | null {
  const { verdict, incomplete } = summary;
  const reasons = [...summary.reasons, ...letThroughSentences(summary), ...incomplete];
  if (verdict === "verified" && reasons.length === 0) return null;
  const lines = listed(reasons, shownReasons, (reason) => escapeMarkdown(clip(reason, limits.line)), "reason");
  return [`${verdictMark(summary)} **${verdictInWords(summary)}.**`, ...lines.map((line) => `- ${line}`)]
    .map((line) => `> ${line}`)
    .join("\n");
}

/** The author's own words: of a single commit its message as it stands, of several their subjects. */
function summarySection({ changes }: Summary, limits: Limits): string | null {
  const commits = changes?.commits ?? [];
  const [only] = commits;
  if (only && commits.length === 1 && only.body !== "") {
    return section("Summary", clip(plainText(only.body), limits.message));
  }
  const write = ({ commit, subject }: CommitSummary): string =>
    `${escapeMarkdown(clip(subject, limits.line))} (${code(shortId(commit))})`;
  return section("Summary", list(listed(commits, limits.commits, write, "commit")));
}

function verificationTable(summary: Summary): string {
  const commit = summary.verifiedIn === "working tree" ? "on top of " : "";
  const rows: [string, string | null][] = [
    [
      "Verdict",
      `${verdictMark(summary)} ${verdictInWords(summary)}${summary.receipt?.reused ? ", by an earlier run of the same tree" : ""}`,
    ],
    ...figures(summary).map(([label, value]): [string, string] => [label, escapeMarkdown(value)]),
    ["Databases", databases(summary)],
    ["Refused by the server", refused(summary)],
    ["Checks", checks(summary)],
    ["Commit", `${commit}${code(summary.commit)}, tree ${code(shortId(summary.tree))}`],
    ["Environment", escapeMarkdown(summary.environment)],
  ];
  return table(
    ["What", "Result"],
    rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== ""),
  );
}

function databases({ suites, server }: Summary): string | null {
  const names = [...new Set(suites.flatMap((suite) => suite.databases))];
  if (names.length === 0) return null;
  const on = server === null ? "" : `, on ${escapeMarkdown(server)}`;
  return listed(names, shownDatabases, code, "database").join(", ") + on;
}

function refused(summary: Summary): string | null {
  const write = (rejection: RejectionSummary): string => rejectionText({ ...rejection, files: [] }, code);
  const texts = listed(allRejections(summary), shownRejections, write, "database");
  return texts.length === 0 ? null : texts.join("; ");
}

function checks({ checks: all }: Summary): string | null {
  const write = (check: (typeof all)[number]): string =>
    `${escapeMarkdown(check.name)} ${check.passed ? "passed" : "**failed**"} in ${formatSeconds(check.seconds)}`;
  return all.length === 0 ? null : listed(all, 20, write, "check").join(", ");
}

function changesSection({ changes }: Summary, limits: Limits): string | null {
  if (!changes || changes.files.length === 0) return null;
  return section(
    "Changes by file",
    `Against ${code(changes.base)}: ${changesFigure(changes.files)}.`,
    changesByFile(changes.files, limits),
  );
}

function repeatSection({ suites, checks: all, repeat }: Summary, limits: Limits): string | null {
  const write = ({ name, command }: { name: string; command: string }): string =>
    `${escapeMarkdown(name)}: ${code(clip(command, limits.line))}`;
  const commands = listed([...suites, ...all], limits.commits, write, "command");
  return section(
    "How to repeat it",
    commands.length === 0 ? null : `What ran:\n\n${list(commands)}`,
    fencedBlock(repeat, "sh"),
  );
}

const issue = String.raw`(?:(?:[\w.-]+/[\w.-]+)?#\d+|https?://\S+/(?:issues|merge_requests|pull)/\d+)`;
const issueReference = new RegExp(
  String.raw`\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|references|part of)\b:?\s+${issue}(?:(?:,| and)\s+${issue})*`,
  "gi",
);

/** "Closes #12" and the like, as the commits put it: hosts act on them only where they stand in the body. */
function issuesSection({ changes }: Summary, limits: Limits): string | null {
  const messages = (changes?.commits ?? []).map(({ subject, body: text }) => `${subject}\n${text}`).join("\n");
  const references = new Set([...messages.matchAll(issueReference)].map(([reference]) => escapeMarkdown(reference)));
  return section(
    "Issues",
    list(listed([...references], limits.commits, (reference) => clip(reference, limits.line), "issue")),
  );
}
