import type { CoverageSummary, Failure, Summary } from "../../model/summary.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { clip, plainLine, plainText } from "../../shared/text.ts";
import { allFailures, failureWords } from "../verdict.ts";

/** GitHub shows no more of a kind for each step. */
const mostAnnotations = 10;
const mostReasons = 5;

/** More of a message is not read beside the code, and lies in the log. */
const longestMessage = 2_000;

/** How large a step's summary may be, in bytes; GitHub drops one that is larger as a whole. */
export const largestStepSummary = 1024 * 1024;

/** What stands beside the code. */
interface Annotation {
  readonly kind: "error" | "warning";
  readonly properties: Readonly<Record<string, string | number | undefined>>;
  readonly message: string;
}

/**
 * The workflow commands that put what a summary says beside the code, a line each: why it is not verified, what failed, then
 * what is not covered.
 */
export function annotations(summary: Summary): string[] {
  const isVerified = summary.verdict === "verified";
  // The reasons first: what closes the gate would be lost behind ten failures.
  const reasons = isVerified ? [] : summary.reasons.slice(0, mostReasons).map(reasonAnnotation);
  const failures = allFailures(summary).map((failure) => failureAnnotation(failure, isVerified ? "warning" : "error"));
  const all = [...reasons, ...failures, ...notCovered(summary.coverage)];
  const shown = (kind: Annotation["kind"]): Annotation[] =>
    all.filter((annotation) => annotation.kind === kind).slice(0, mostAnnotations);
  return [...shown("error"), ...shown("warning")].map(workflowCommand);
}

/** `::error file=tests/test_a.py,line=12,title=test_x::message`, escaped as GitHub reads it. */
export function workflowCommand({ kind, properties, message }: Annotation): string {
  const written = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${kind}${written.length === 0 ? "" : ` ${written.join(",")}`}::${escapeData(message)}`;
}

/**
 * A step's summary that has so many bytes left for it: whole, or cut between two lines, with a last sentence that says so.
 * What was open there (a fenced block, a fold) is closed, as what follows would be part of it.
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
/** A fence may be as long as what it holds asks for. */
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
  const told = plainText(message.trim());
  const words = kind === "failure" ? told : `${failureWords[kind]}. ${told}`.trim();
  return {
    kind: as,
    properties: { file, line: lineOf(failure), title: clip(plainLine(name), 200) },
    message: clip(words, longestMessage) || failureWords[kind],
  };
}

/** The line of the test's own file, where the message names one and no other: of several, which is meant cannot be known. */
function lineOf({ file, message }: Failure): number | undefined {
  const found = [...message.matchAll(new RegExp(`(?<![^\\s("'\`])${escapedForPattern(file)}:(\\d{1,7})(?!\\d)`, "g"))];
  const lines = new Set(found.map(([, line]) => Number(line)));
  const [only] = lines;
  return lines.size === 1 ? only : undefined;
}

/** Only what the changes add: the rest of what is not covered is nobody's new doing. */
function notCovered(coverage: CoverageSummary | null): Annotation[] {
  return (coverage?.uncoveredChanges ?? []).map(({ file, from, to }) => ({
    kind: "warning",
    properties: { file, line: from, endLine: to },
    message: "not covered",
  }));
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
