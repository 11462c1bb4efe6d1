import type { Summary } from "../../model/summary.ts";
import { clip, listed } from "../../shared/text.ts";
import { escapeMarkdown, list, section } from "../markdown/markdown.ts";

/** Display limits. */
export interface IssuesLimits {
  readonly commits: number;
  /** For a reference, in characters. */
  readonly line: number;
}

const issue = String.raw`(?:(?:[\w.-]+/[\w.-]+)?#\d+|https?://\S+/(?:issues|merge_requests|pull)/\d+)`;
const issueReference = new RegExp(
  String.raw`\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|references|part of)\b:?\s+${issue}(?:(?:,| and)\s+${issue})*`,
  "gi",
);

/** "Closes #12" and similar from commits: hosts only act on them in the body. */
export function issuesSection({ changes }: Summary, limits: IssuesLimits): string | null {
  const messages = (changes?.commits ?? []).map(({ subject, body: text }) => `${subject}\n${text}`).join("\n");
  const references = new Set([...messages.matchAll(issueReference)].map(([reference]) => escapeMarkdown(reference)));
  return section(
    "Issues",
    list(listed([...references], limits.commits, (reference) => clip(reference, limits.line), "issue")),
  );
}
