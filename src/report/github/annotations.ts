import type { CoverageSummary, Failure, Summary } from "../../model/summary.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { clip, plainLine, plainText } from "../../shared/text.ts";
import { allFailures, failureWords } from "../verdict.ts";
import { type Annotation, workflowCommand } from "./workflow-command.ts";

/** GitHub shows no more of one kind per step. */
const mostAnnotations = 10;
const mostReasons = 5;

/** Longer messages are in the log. */
const longestMessage = 2_000;

/** The size limit of a step's summary in bytes; GitHub drops a larger one entirely. */
export const largestStepSummary = 1024 * 1024;

/** Workflow commands that annotate the code, one per line: why it is not verified, failures, then uncovered lines. */
export function annotations(summary: Summary): string[] {
  const isVerified = summary.verdict === "verified";
  // Reasons first, or ten failures would hide them.
  const reasons = isVerified ? [] : summary.reasons.slice(0, mostReasons).map(reasonAnnotation);
  const failures = allFailures(summary).map((failure) => failureAnnotation(failure, isVerified ? "warning" : "error"));
  const all = [...reasons, ...failures, ...notCovered(summary.coverage)];
  const shown = (kind: Annotation["kind"]): Annotation[] =>
    all.filter((annotation) => annotation.kind === kind).slice(0, mostAnnotations);
  return [...shown("error"), ...shown("warning")].map(workflowCommand);
}

/**
 * A summary that fits into the remaining bytes: complete, or cut between lines with a final remark. Open blocks and
 * folds are closed, so that they do not include what follows.
 */
export function stepSummary(markdown: string, bytes: number): string {
  if (Buffer.byteLength(markdown) <= bytes) return markdown;
  const room = bytes - Buffer.byteLength(cutNote) - longestClosing;
  const kept: string[] = [];
  let used = 0;
  for (const line of markdown.split("\n")) {
    used += Buffer.byteLength(line) + 1;
    if (used > room) break;
    kept.push(line);
  }
  return kept.length === 0 ? "" : `${[...kept, ...closings(kept)].join("\n")}${cutNote}`;
}

const cutNote = "\n\n… The rest is left out, as GitHub takes no more than 1 MiB: see `.verify/summary.md`.\n";
/** The longest closing line; a fence is as long as its content requires. */
const longestClosing = 5_000;

function closings(lines: readonly string[]): string[] {
  let fence: string | null = null;
  let folds = 0;
  for (const line of lines) {
    const [run] = /^`{3,}/.exec(line) ?? [];
    if (fence !== null) {
      if (line === fence) fence = null;
    } else if (run !== undefined) fence = run;
    else folds += (line.match(/<details>/g)?.length ?? 0) - (line.match(/<\/details>/g)?.length ?? 0);
  }
  return [...(fence === null ? [] : [fence]), ...Array.from({ length: Math.max(0, folds) }, () => "\n</details>")];
}

function reasonAnnotation(reason: string): Annotation {
  return { kind: "error", properties: { title: "Not verified" }, message: clip(plainLine(reason), longestMessage) };
}

function failureAnnotation(failure: Failure, as: Annotation["kind"]): Annotation {
  const { file, name, message, kind } = failure;
  const text = plainText(message.trim());
  const words = kind === "failure" ? text : `${failureWords[kind]}. ${text}`.trim();
  return {
    kind: as,
    properties: { file, line: lineOf(failure), title: clip(plainLine(name), 200) },
    message: clip(words, longestMessage) || failureWords[kind],
  };
}

/** The line in the test's own file, if the message names exactly one. */
function lineOf({ file, message }: Failure): number | undefined {
  const found = [...message.matchAll(new RegExp(`(?<![^\\s("'\`])${escapedForPattern(file)}:(\\d{1,7})(?!\\d)`, "g"))];
  const lines = new Set(found.map(([, line]) => Number(line)));
  const [only] = lines;
  return lines.size === 1 ? only : undefined;
}

/** Only lines of the changes. */
function notCovered(coverage: CoverageSummary | null): Annotation[] {
  return (coverage?.uncoveredChanges ?? []).map(({ file, from, to }) => ({
    kind: "warning",
    properties: { file, line: from, endLine: to },
    message: "not covered",
  }));
}
