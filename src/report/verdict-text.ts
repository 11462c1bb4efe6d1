import type { Colors } from "./display.ts";
import { figures } from "./figures.ts";
import { allRejections, rejectionRemedies, rejectionText } from "./rejections.ts";
import type { Failure, Summary, Verdict } from "./summary.ts";
import { clip, listed, plainLine, plainText, shortId } from "./text.ts";
import {
  allFailures,
  letThroughSentences,
  racesLetThrough,
  ranBeforeText,
  subjectOf,
  verdictInWords,
} from "./verdict.ts";

const columns = 80;
/** What fits a small terminal and leaves the prompt visible. */
const rows = 22;
const mostFailures = 10;
const fewestFailures = 3;
/** The name, and what a short assertion and its difference take. */
const longestFailure = 12;
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

function reusedLine(summary: Summary, colors: Colors): string {
  const { tree, repeat } = summary;
  return `${verified(summary, colors)}: tree ${shortId(tree)} was proven before. ${colors.dim(`Run it again: ${repeat}`)}`;
}

/** A pass that is not a whole one is marked. */
function verified(summary: Summary, { green, yellow }: Colors): string {
  const words = verdictInWords(summary);
  if (racesLetThrough(summary) > 0) return yellow(`⚠ ${words}`);
  return (summary.incomplete.length > 0 ? yellow : green)(`✔ ${words}`);
}

function verdictLine(summary: Summary, colors: Colors): string {
  const paint: Record<Verdict, (text: string) => string> = {
    verified: () => verified(summary, colors),
    failed: (text) => colors.red(`✘ ${text}`),
    error: (text) => colors.red(`✘ ${text}`),
    interrupted: (text) => colors.yellow(`■ ${text}`),
  };
  return colors.bold(`${paint[summary.verdict](verdictInWords(summary))}: ${plainLine(subjectOf(summary))}`);
}

function figureLines(summary: Summary, colors: Colors): string[] {
  return figures(summary).map(([label, value]) => `  ${colors.dim(label.padEnd(9))} ${plainLine(value)}`);
}

function reasonLines(summary: Summary): string[] {
  const reasons = [...summary.reasons, ...letThroughSentences(summary)];
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

/** Each failure as the runner would show it where there is room, else the beginning of its message, else a line. */
function failureLines(summary: Summary, room: number, colors: Colors): string[] {
  const failures = allFailures(summary);
  const mark = racesLetThrough(summary) > 0 ? colors.yellow("⚠") : colors.red("✘");
  const shown = Math.min(failures.length, mostFailures);
  const each = Math.min(longestFailure, Math.floor((failures.length > shown ? room - 1 : room) / Math.max(1, shown)));
  if (each >= 2) {
    return listed(failures, shown, (failure) => `${mark} ${severalLines(failure, each, colors)}`, "failure").map(
      indented,
    );
  }
  const limit = Math.min(mostFailures, Math.max(fewestFailures, failures.length <= room ? room : room - 1));
  return listed(failures, limit, (failure) => `${mark} ${oneLine(failure, colors)}`, "failure").map(indented);
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

/** The name and as much of the message as so many rows hold; of a race how it came about, too. */
function severalLines(failure: Failure, room: number, colors: Colors): string {
  const name = clip(`${plainLine(failure.file)} › ${plainLine(failure.name)}`, columns - 4);
  const told = failure.kind === "race" ? raceLines(failure) : kindLines(failure);
  const message = plainText(failure.message.trim())
    .split("\n")
    .filter((line) => line.trim() !== "");
  const kept = told.slice(0, Math.max(1, room - 1));
  const lines = [...kept, ...message.slice(0, room - 1 - kept.length)];
  return [name, ...lines.map((line) => `  ${colors.dim(clip(line, columns - 4))}`)].join("\n");
}

function raceLines(failure: Failure): string[] {
  const { race, worker = "its worker" } = failure;
  const story = `A race: passes alone, failed on ${worker} ${ranBeforeText(failure)}`;
  return [plainLine(story), ...(race?.repeat ? [`In that order again: ${race.repeat}`] : [])];
}

/** What the message of a test that did not simply fail may leave open. */
function kindLines({ kind, worker }: Failure): string[] {
  if (kind === "crash") return [`${worker ?? "Its worker"} crashed in it.`];
  return kind === "collection" ? ["It could not be loaded."] : [];
}

function oneLine(failure: Failure, colors: Colors): string {
  const name = clip(`${plainLine(failure.file)} › ${plainLine(failure.name)}`, 60);
  const message = failure.kind === "race" ? "a race: passes alone" : firstLine(failure, columns - 6 - name.length);
  return `${name}${message === "" ? "" : `  ${colors.dim(message)}`}`;
}

function firstLine({ message }: Failure, length: number): string {
  return clip(plainLine(message.trim().split("\n", 1)[0] ?? ""), length);
}

function lookLines(summary: Summary, colors: Colors): string[] {
  const failed = [
    ...allFailures(summary).map(({ log }) => log),
    ...summary.suites.filter(({ tests, failures }) => tests.failed > failures.length).map(({ log }) => log),
    ...summary.checks.filter(({ passed }) => !passed).map(({ log }) => log),
  ];
  const logs = listed([...new Set(failed)], 2, (log) => log, "log");
  const lines = [colors.dim(`  See ${[".verify/summary.md", ...logs].join(", ")}`)];
  return summary.verdict === "verified" ? lines : [...lines, colors.dim(`  Repeat it: ${summary.repeat}`)];
}

/** How many rows of the screen the lines take, wrapped; colors are not counted as they take none. */
function rowsOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(plainLine(line).length / columns)), 0);
}
