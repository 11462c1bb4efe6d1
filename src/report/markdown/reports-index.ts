import type { Summary } from "../../model/summary.ts";
import { formatMoment } from "../../shared/text.ts";
import { subjectOf, verdictInWords, verdictMark } from "../verdict.ts";
import { code, escapeMarkdown, joined, section, table } from "./markdown.ts";

/** A report, and when to read it. */
interface Entry {
  readonly file: string;
  readonly what: string;
  readonly when: string;
}

const entries: readonly Entry[] = [
  {
    file: "summary.md",
    what: "The verdict, why, and what was measured",
    when: "first, and whenever a push was stopped",
  },
  {
    file: "report.html",
    what: "The run as a page: the workers' timeline, coverage by directory, trends, every test",
    when: "to find what is slow, or not covered",
  },
  { file: "pull-request.md", what: "A title and a body, ready to be sent", when: "when you open the pull request" },
  { file: "summary.json", what: "Everything that the reports are computed from", when: "from scripts" },
  { file: "coverage.lcov", what: "The merged coverage of all suites", when: "in an editor that shows covered lines" },
  { file: "logs/", what: "What each suite and each check printed", when: "when a message is not enough" },
  {
    file: "orders/",
    what: "The tests that ran before a flaky one failed, in their order",
    when: "to run them again: `npx verify repeat`",
  },
];

/** `.verify/README.md`: an index of this run's reports; `files` are the names of existing ones. */
export function reportsIndex(summary: Summary, files: readonly string[]): string {
  const there = new Set(files);
  const rows = entries
    .filter(({ file }) => there.has(file.replace(/\/$/, "")))
    .map(({ file, what, when }) => [`[${file}](${file})`, what, when]);
  return `${joined([
    `# ${verdictMark(summary)} ${verdictInWords(summary)}: ${escapeMarkdown(subjectOf(summary))}`,
    `Written by pushproof ${escapeMarkdown(summary.version)} for ${code(summary.commit)}, ${formatMoment(summary.startedAt)}. Every run rewrites these files; git ignores them.`,
    section("What is here", table(["File", "What it holds", "Read it"], rows)),
    section("Earlier runs", "`npx verify status` shows whether HEAD is verified, and the last runs."),
  ])}\n`;
}
