import { figures } from "../../model/figures.ts";
import { allRejections, rejectionText } from "../../model/rejections.ts";
import { schemaUseInShort } from "../../model/schema-use.ts";
import type { RejectionSummary, Summary } from "../../model/summary.ts";
import { clip, formatSeconds, listed, shortId } from "../../shared/text.ts";
import { code, escapeMarkdown, folded, table } from "../markdown/markdown.ts";
import { verdictInWords, verdictMark } from "../verdict.ts";
import { risksNotLookedFor } from "./risk.ts";

/** Display limits. */
export interface VerificationLimits {
  /** For a cell, in characters. */
  readonly line: number;
}

const shownDatabases = 4;
const shownRejections = 3;
const shownChecks = 20;

/** Figures of the verification, with commit and receipt; unmeasured ones are left out. */
export function verificationSection(summary: Summary, { line }: VerificationLimits): string | null {
  const commit = summary.verifiedIn === "working tree" ? "on top of " : "";
  const rows: [string, string | null][] = [
    [
      "Verdict",
      `${verdictMark(summary)} ${verdictInWords(summary)}${summary.receipt?.reused ? ", by an earlier run of the same tree" : ""}`,
    ],
    ...figures(summary).map(([label, value]): [string, string] => [label, escapeMarkdown(clip(value, line))]),
    ["Databases", databases(summary)],
    ["Refused by the server", refused(summary)],
    ["Checks", checks(summary)],
    ["Commit", `${commit}${code(summary.commit)}, tree ${code(shortId(summary.tree))}`],
    ["Receipt", receipt(summary)],
    ["Risks not looked for", risksNotLookedFor(summary)],
    ["Environment", escapeMarkdown(clip(summary.environment, line))],
  ];
  return folded(
    "Verification",
    table(
      ["What", "Result"],
      rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== ""),
    ),
  );
}

/** The receipt, with which a push of the same tree takes no time. */
function receipt({ receipt: kept, verdict }: Summary): string | null {
  if (kept !== null) return `kept for tree ${code(shortId(kept.tree))}${kept.reused ? " by that earlier run" : ""}`;
  return verdict === "verified" ? "none was kept" : null;
}

function databases({ suites, server }: Summary): string | null {
  const names = [...new Set(suites.flatMap((suite) => suite.databases))];
  if (names.length === 0) return null;
  const on = server === null ? "" : `, on ${escapeMarkdown(server)}`;
  const schema = schemaUseInShort(suites.flatMap((suite) => suite.schema ?? []));
  const kept = schema === null ? "" : `; ${escapeMarkdown(schema)}`;
  return listed(names, shownDatabases, code, "database").join(", ") + on + kept;
}

function refused(summary: Summary): string | null {
  const write = (rejection: RejectionSummary): string => rejectionText({ ...rejection, files: [] }, code);
  const texts = listed(allRejections(summary), shownRejections, write, "database");
  return texts.length === 0 ? null : texts.join("; ");
}

function checks({ checks: all }: Summary): string | null {
  const write = (check: (typeof all)[number]): string =>
    `${escapeMarkdown(check.name)} ${check.passed ? "passed" : "**failed**"} in ${formatSeconds(check.seconds)}`;
  return all.length === 0 ? null : listed(all, shownChecks, write, "check").join(", ");
}
