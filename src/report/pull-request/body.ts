import { isBaseOf } from "../../git/merge-base.ts";
import { changesFigure } from "../../model/figures.ts";
import type { CommitSummary, Summary } from "../../model/summary.ts";
import { clip, listed, plainLine, shortId } from "../../shared/text.ts";
import { type ChangesLimits, changesByFile } from "../markdown/changes.ts";
import { code, escapeMarkdown, fencedBlock, folded, joined, list, section } from "../markdown/markdown.ts";
import { performanceTable } from "../markdown/performance-table.ts";
import { letThroughSentences, verdictInWords, verdictMark } from "../verdict.ts";
import { afterMergeSection } from "./after-merge.ts";
import { authorsWords } from "./authors-words.ts";
import { issuesSection } from "./issues-section.ts";
import { digestOf, markedBlock } from "./merged-body.ts";
import { riskSection } from "./risk.ts";
import { filledTemplate } from "./template.ts";
import { beforeAndAfter, verdictLine } from "./verdict-line.ts";
import { verificationSection } from "./verification-table.ts";

/** Below the hosts' limit of 65,536 characters, with room for the author's additions. */
export const longestBody = 60_000;
/** The minimum space for our part, if a template or author needs more. */
const leastRoom = 2_000;
/** Space for line ends between the parts of a body, in characters. */
export const lineEnds = 10;
const longestTitle = 200;
const shownReasons = 10;

/** Display limits; a body that is too long is rendered with the next, stricter ones. */
interface Limits extends ChangesLimits {
  readonly commits: number;
  /** For one commit's message, in characters. */
  readonly message: number;
  /** For a subject, reason or command, in characters. */
  readonly line: number;
  /** For each kind of finding. */
  readonly facts: number;
}
const generous: Limits = { commits: 50, message: 20_000, line: 1_000, areas: 20, filesPerArea: 20, facts: 10 };
const narrower: Limits = { commits: 20, message: 8_000, line: 500, areas: 10, filesPerArea: 5, facts: 5 };
const narrowest: Limits = { commits: 5, message: 2_000, line: 200, areas: 3, filesPerArea: 3, facts: 3 };

/**
 * `.verify/pull-request.md`: a complete body with the title in its first line, based on the repository's template where
 * there is one. Our part is between markers, and comes from commits or was measured. It stays under 60,000 characters
 * where the template leaves room; lists are cut with a remark.
 */
export function pullRequestBody(summary: Summary, template: string | null = null): string {
  const title = titleLine(summary);
  const room = longestBody - title.length - (template?.length ?? 0) - lineEnds;
  const block = pullRequestBlock(summary, room);
  return `${title}\n\n${template === null ? `${block}\n` : filledTemplate(template, block)}`;
}

/** The first line of the file. */
export function titleLine(summary: Summary): string {
  return `# ${escapeMarkdown(pullRequestTitle(summary))}`;
}

/** Our part of a body between markers, cut to so many characters, but never below a minimum. */
export function pullRequestBlock(summary: Summary, room: number): string {
  const attributes = { ...subjectAttribute(summary), title: digestOf(titleLine(summary)) };
  const empty = markedBlock("", attributes).length;
  return markedBlock(textWithin(summary, Math.max(room, leastRoom) - empty), attributes);
}

/** The subject in the marker: the branch, or the commit on a detached HEAD. */
export function subjectAttribute({ branch, commit }: Summary): Record<string, string> {
  return branch === null ? { commit } : { branch };
}

/** The title: the only commit's subject, else the branch's name in words, else the newest commit's subject. */
export function pullRequestTitle({ branch, changes, commit }: Summary): string {
  const commits = changes?.commits ?? [];
  const [only] = commits;
  if (only && commits.length === 1) return clip(plainLine(only.subject), longestTitle);
  const isBase = branch !== null && changes !== null && isBaseOf(changes.base, branch);
  if (branch !== null && !isBase) return clip(humanized(branch), longestTitle);
  return clip(plainLine(commits.at(-1)?.subject ?? `Commit ${shortId(commit)}`), longestTitle);
}

/** The longest text that fits: with shorter lists, then without the least important sections, which are named. */
function textWithin(summary: Summary, room: number): string {
  for (const limits of [generous, narrower, narrowest]) {
    const text = joined(sections(summary, limits).map(([, written]) => written));
    if (text.length <= room) return text;
  }
  const all = sections(summary, narrowest);
  const left: string[] = [];
  for (const heading of droppable) {
    if (all.some(([name, written]) => name === heading && written !== null)) left.push(heading);
    const kept = all.filter(([name]) => !left.includes(name)).map(([, written]) => written);
    const text = joined([...kept, `Left out for lack of room: ${left.join(", ")}.`]);
    if (text.length <= room) return text;
  }
  const kept = all.filter(([name]) => !droppable.includes(name)).map(([, written]) => written);
  return clip(joined(kept), room);
}

/** Sections that can be dropped, the least important first. */
const droppable: readonly string[] = [
  "Run again",
  "Changes by file",
  "After merging",
  "Performance",
  "Verification",
  "Summary",
  "Risk",
];

type Section = readonly [heading: string, text: string | null];

function sections(summary: Summary, limits: Limits): Section[] {
  return [
    ["Warning", warning(summary, limits)],
    ["Summary", summarySection(summary, limits)],
    ["Verdict", joined([verdictLine(summary), beforeAndAfter(summary)])],
    ["Risk", riskSection(summary, limits)],
    ["Issues", issuesSection(summary, limits)],
    ["Changes by file", changesSection(summary, limits)],
    ["Verification", verificationSection(summary, limits)],
    ["Performance", folded("Performance", performanceTable(summary))],
    ["After merging", afterMergeSection(summary, limits)],
    ["Run again", repeatSection(summary, limits)],
  ];
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

/** The author's text: the message of a single commit, or the subjects of several. */
function summarySection({ changes }: Summary, limits: Limits): string | null {
  const commits = changes?.commits ?? [];
  const [only] = commits;
  if (only && commits.length === 1 && only.body !== "") {
    return section("Summary", authorsWords(only.body, limits.message));
  }
  const write = ({ commit, subject }: CommitSummary): string =>
    `${escapeMarkdown(clip(subject, limits.line))} (${code(shortId(commit))})`;
  return section("Summary", list(listed(commits, limits.commits, write, "commit")));
}

function changesSection({ changes }: Summary, limits: Limits): string | null {
  if (!changes || changes.files.length === 0) return null;
  return folded(
    `Changes by file: ${changesFigure(changes.files)}`,
    `Against ${code(changes.base)}.`,
    changesByFile(changes.files, limits),
  );
}

function repeatSection({ suites, checks: all, repeat }: Summary, limits: Limits): string | null {
  const write = ({ name, command }: { name: string; command: string }): string =>
    `${escapeMarkdown(name)}: ${code(clip(command, limits.line))}`;
  const commands = listed([...suites, ...all], limits.commits, write, "command");
  return folded(
    "Run again",
    commands.length === 0 ? null : `What ran:\n\n${list(commands)}`,
    fencedBlock(repeat, "sh"),
  );
}
