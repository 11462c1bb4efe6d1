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

/** A limit for any screen height. */
const mostRows = 24;
/** The minimum on any screen. */
const fewestRows = 10;
/** For the prompt and an empty line. */
const rowsLeft = 2;
/** On narrower screens, indentation is small. */
const narrow = 60;
/** At least this many failures get a row each before other parts are complete. */
const fewestFailures = 3;

/** Limits for lists: the number of items, and the length of each. */
interface Detail {
  readonly reasons: number;
  /** For informational notes; advice is always complete. */
  readonly notes: number;
  /** For rejected connections and their remedies. */
  readonly others: number;
  readonly characters: number;
}

/** From the preferred detail to the minimum. */
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
/** Nothing is cut in a pipe. */
const inPipe: Detail = { reasons: 10, notes: 10, others: 3, characters: Number.POSITIVE_INFINITY };
const longestRefusal = 156;

/**
 * The final output, at most one screen on a terminal, without a trailing newline: verdict, figures, reasons, and where
 * to look.
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

/** A partial pass is marked. */
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

/** Continuation lines are indented below the value, where there is room for two columns. */
function figureLines(summary: Summary, screen: Screen, colors: Colors): string[] {
  const lines = briefFigures(summary).map(([label, value]) => `  ${colors.dim(label.padEnd(9))} ${plainLine(value)}`);
  return wrapped(lines, screen, screen.columns < narrow ? 2 : 10);
}

/** Reasons, notes and rejected connections, directly above the failures they may have caused. */
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

/** A command must be copyable, so it gets its own line where needed and is never wrapped. */
function repeatLines(command: string, { wraps, columns }: Screen): string[] {
  const line = `  Run again: ${command}`;
  return wraps && widthOf(line) > columns ? ["  Run again:", `  ${command}`] : [line];
}

/** Wraps lines between words, with an indentation for continuation lines; unchanged where the reader wraps. */
function wrapped(lines: readonly string[], { wraps, columns }: Screen, further?: number): string[] {
  return wraps ? lines.flatMap((line) => wrapWords(line, columns, further)) : [...lines];
}

/** The number of screen rows of the lines, ignoring colors. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(plainLine(line)) / columns)), 0);
}
