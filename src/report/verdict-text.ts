import type { Colors } from "./display.ts";
import { figures } from "./figures.ts";
import { allRejections, rejectionRemedies, rejectionText } from "./rejections.ts";
import type { Failure, Summary, Verdict } from "./summary.ts";
import { clip, listed, plainLine, shortId } from "./text.ts";
import { allFailures, subjectOf, verdictInWords } from "./verdict.ts";

const columns = 80;
/** What fits a small terminal and leaves the prompt visible. */
const rows = 22;
const mostFailures = 10;
const fewestFailures = 3;
const shownReasons = 3;
const longestReason = 3 * columns;
const longestRefusal = 2 * columns - 4;

/** The end of the terminal's output, at most one screen, without the last line end: the verdict, the figures, why, and where to look. */
export function verdictText(summary: Summary, colors: Colors): string {
  if (summary.receipt?.reused) return reusedLine(summary, colors);
  const before = [
    verdictLine(summary, colors),
    ...figureLines(summary, colors),
    ...reasonLines(summary),
    ...noteLines(summary),
    ...rejectionLines(summary),
  ];
  const after = lookLines(summary, colors);
  const room = rows - rowsOf([...before, ...after]);
  return [...before, ...failureLines(summary, room, colors), ...after].join("\n");
}

function reusedLine({ tree, repeat }: Summary, colors: Colors): string {
  return `${colors.green("✔ Verified")}: tree ${shortId(tree)} was proven before. ${colors.dim(`Run it again: ${repeat}`)}`;
}

function verdictLine(summary: Summary, colors: Colors): string {
  const paint: Record<Verdict, (text: string) => string> = {
    verified: (text) => (summary.incomplete.length > 0 ? colors.yellow : colors.green)(`✔ ${text}`),
    failed: (text) => colors.red(`✘ ${text}`),
    error: (text) => colors.red(`✘ ${text}`),
    interrupted: (text) => colors.yellow(`■ ${text}`),
  };
  return colors.bold(`${paint[summary.verdict](verdictInWords(summary))}: ${plainLine(subjectOf(summary))}`);
}

function figureLines(summary: Summary, colors: Colors): string[] {
  return figures(summary).map(([label, value]) => `  ${colors.dim(label.padEnd(9))} ${plainLine(value)}`);
}

function reasonLines({ reasons }: Summary): string[] {
  return listed(reasons, shownReasons, (reason) => clip(plainLine(reason), longestReason), "reason");
}

function noteLines({ notes }: Summary): string[] {
  return listed(notes, shownReasons, (note) => `  ${clip(plainLine(note), longestReason)}`, "note");
}

/** What the server refused stands right above the failures: it is often why they failed. */
function rejectionLines(summary: Summary): string[] {
  const rejections = allRejections(summary);
  const lines = listed(rejections, shownReasons, (rejection) => `${rejectionText(rejection)}.`, "database");
  return [
    ...lines.map((line) => `  ${clip(plainLine(line), longestRefusal)}`),
    ...rejectionRemedies(rejections).map((remedy) => `  ${remedy}`),
  ];
}

/** A line a failure, or two where there is room for the message on one of its own. */
function failureLines(summary: Summary, room: number, colors: Colors): string[] {
  const failures = allFailures(summary);
  const roomy = failures.length * 2 <= Math.min(room, mostFailures);
  const limit = Math.min(mostFailures, Math.max(fewestFailures, failures.length <= room ? room : room - 1));
  const write = (failure: Failure): string => (roomy ? twoLines(failure, colors) : oneLine(failure, colors));
  return listed(failures, limit, write, "failure").map((line) => `  ${line}`);
}

function twoLines(failure: Failure, colors: Colors): string {
  const name = clip(`${plainLine(failure.file)} › ${plainLine(failure.name)}`, columns - 4);
  const message = firstLine(failure, columns - 4);
  return `${colors.red("✘")} ${name}${message === "" ? "" : `\n    ${colors.dim(message)}`}`;
}

function oneLine(failure: Failure, colors: Colors): string {
  const name = clip(`${plainLine(failure.file)} › ${plainLine(failure.name)}`, 60);
  const message = firstLine(failure, columns - 6 - name.length);
  return `${colors.red("✘")} ${name}${message === "" ? "" : `  ${colors.dim(message)}`}`;
}

function firstLine({ message }: Failure, length: number): string {
  return clip(plainLine(message.trim().split("\n", 1)[0] ?? ""), length);
}

function lookLines(summary: Summary, colors: Colors): string[] {
  const failed = [
    ...summary.suites.filter(({ tests, failures }) => tests.failed > 0 || failures.length > 0),
    ...summary.checks.filter(({ passed }) => !passed),
  ];
  const logs = listed(failed, 2, ({ log }) => log, "log");
  const lines = [colors.dim(`  See ${[".verify/summary.md", ...logs].join(", ")}`)];
  return summary.verdict === "verified" ? lines : [...lines, colors.dim(`  Repeat it: ${summary.repeat}`)];
}

/** How many rows of the screen the lines take, wrapped; colors are not counted as they take none. */
function rowsOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(plainLine(line).length / columns)), 0);
}
