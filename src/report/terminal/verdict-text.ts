import { briefFigures } from "../../model/figures.ts";
import { allRejections, rejectionRemedies, rejectionText } from "../../model/rejections.ts";
import type { Summary, Verdict } from "../../model/summary.ts";
import type { Colors } from "../../shared/colors.ts";
import { clip, listed, plainLine, shortId } from "../../shared/text.ts";
import { flakySentences } from "../flaky.ts";
import { allFailures, letThroughSentences, racesLetThrough, subjectOf, verdictInWords } from "../verdict.ts";
import { failureLines } from "./failure-lines.ts";
import { plainScreen, type Screen } from "./screen.ts";
import { widthOf, wrapWords } from "./width.ts";

/** Of any screen, however high: more is not read. */
const mostRows = 24;
/** Where even that does not fit, the end of it is what is seen. */
const fewestRows = 10;
/** The prompt, and an empty line. */
const rowsLeft = 2;
/** Below that many columns nothing is set in far. */
const narrow = 60;
/** How many failures there is to be room for, a row each, before anything else says all it has to say. */
const fewestFailures = 3;

/** How much is said of what a long run may have much of: how many items, and how many characters of each. */
interface Detail {
  readonly reasons: number;
  /** Of those that only tell something: what would help is always said, and whole. */
  readonly notes: number;
  /** Of databases that were refused; what to do about these goes with them. */
  readonly others: number;
  readonly characters: number;
}

/** From what is wanted to what must do. */
const details: readonly Detail[] = [
  { reasons: 3, notes: 10, others: 3, characters: 240 },
  { reasons: 3, notes: 3, others: 3, characters: 240 },
  { reasons: 3, notes: 3, others: 3, characters: 156 },
  { reasons: 2, notes: 2, others: 2, characters: 156 },
  { reasons: 1, notes: 1, others: 1, characters: 156 },
  { reasons: 1, notes: 1, others: 1, characters: 76 },
  { reasons: 1, notes: 1, others: 0, characters: 76 },
  { reasons: 1, notes: 1, others: 0, characters: 36 },
];
/** Whatever reads a pipe shows lines of any length, and has no last row: nothing is cut there. */
const inPipe: Detail = { reasons: 10, notes: 10, others: 3, characters: Number.POSITIVE_INFINITY };
const longestRefusal = 156;

/**
 * The end of the output, on a terminal at most one screen, without the last line end: the verdict, the figures, why, and
 * where to look.
 */
export function verdictText(summary: Summary, colors: Colors, screen: Screen = plainScreen): string {
  if (summary.receipt?.reused) return wrapped([reusedLine(summary, colors)], screen).join("\n");
  const rows = Math.max(fewestRows, Math.min(mostRows, screen.rows) - rowsLeft);
  const after = lookLines(summary, screen, colors);
  const head = [...wrapped([verdictLine(summary, colors)], screen), ...figureLines(summary, screen, colors)];
  if (!screen.wraps) {
    const room = rows - rowsOf([...head, ...after], screen.columns);
    const failures = failureLines(summary, { rows: room, columns: Number.POSITIVE_INFINITY }, colors);
    return [...head, ...explanation(summary, inPipe), ...failures, ...after].join("\n");
  }
  const wanted = Math.min(fewestFailures, allFailures(summary).length);
  const attempts = details.map((detail) => {
    const before = [...head, ...wrapped(explanation(summary, detail), screen)];
    return { before, room: rows - rowsOf([...before, ...after], screen.columns) };
  });
  const { before, room } = attempts.find((attempt) => attempt.room >= wanted) ??
    attempts.at(-1) ?? { before: head, room: 0 };
  return [...before, ...failureLines(summary, { rows: room, columns: screen.columns }, colors), ...after].join("\n");
}

function reusedLine(summary: Summary, colors: Colors): string {
  const { tree, repeat } = summary;
  return `${verified(summary, colors)}: tree ${shortId(tree)} was verified before. ${colors.dim(`Run it again: ${repeat}`)}`;
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

/** What goes on is set in below the value, where there is room for two columns. */
function figureLines(summary: Summary, screen: Screen, colors: Colors): string[] {
  const lines = briefFigures(summary).map(([label, value]) => `  ${colors.dim(label.padEnd(9))} ${plainLine(value)}`);
  return wrapped(lines, screen, screen.columns < narrow ? 2 : 10);
}

/** Why, what else a reader should know, and what the server refused: right above the failures, as it is often why they failed. */
function explanation(summary: Summary, { reasons, notes, others, characters }: Detail): string[] {
  const rejections = allRejections(summary);
  const refused = listed(rejections, others, (one) => `${rejectionText(one)}.`, "database");
  const remedies = others > 0 ? rejectionRemedies(rejections) : [];
  const write = (text: string): string => clip(plainLine(text), characters);
  const { advice = 0 } = summary;
  const [helping, telling] = [summary.notes.slice(0, advice), summary.notes.slice(advice)];
  return [
    ...listed([...summary.reasons, ...letThroughSentences(summary)], reasons, write, "reason"),
    ...flakySentences(summary).map((sentence) => `  ${write(sentence)}`),
    ...helping.map((note) => `  ${plainLine(note)}`),
    ...listed(telling, notes, (note) => `  ${write(note)}`, "note"),
    ...refused.map((line) => `  ${clip(plainLine(line), Math.min(longestRefusal, characters))}`),
    ...remedies.map((remedy) => `  ${write(remedy)}`),
  ];
}

function lookLines(summary: Summary, screen: Screen, colors: Colors): string[] {
  const failed = [
    ...allFailures(summary).map(({ log }) => log),
    ...summary.suites.filter(({ tests, failures }) => tests.failed > failures.length).map(({ log }) => log),
    ...summary.checks.filter(({ passed }) => !passed).map(({ log }) => log),
  ];
  const logs = listed([...new Set(failed)], 2, (log) => log, "log");
  const see = wrapped([`  See ${[".verify/summary.md", ...logs].join(", ")}`], screen);
  const repeat = summary.verdict === "verified" ? [] : repeatLines(summary.repeat, screen);
  return [...see, ...repeat].map(colors.dim);
}

/** A command is copied: where the line is too short for it, it has its own, and is never broken by us. */
function repeatLines(command: string, { wraps, columns }: Screen): string[] {
  const line = `  Run again: ${command}`;
  return wraps && widthOf(line) > columns ? ["  Run again:", `  ${command}`] : [line];
}

/** The lines with their words kept whole, where they are for us to break; what goes on is set in so much further. */
function wrapped(lines: readonly string[], { wraps, columns }: Screen, further?: number): string[] {
  return wraps ? lines.flatMap((line) => wrapWords(line, columns, further)) : [...lines];
}

/** How many rows of the screen the lines take; colors are not counted as they take none. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(plainLine(line)) / columns)), 0);
}
