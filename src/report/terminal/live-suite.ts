import type { RunningSummary } from "../../model/summary.ts";
import type { Colors } from "../../shared/colors.ts";
import { formatAge, listed, plural } from "../../shared/text.ts";
import type { Room } from "./screen.ts";
import { timeLeftText } from "./time-left.ts";
import { clipToWidth, padToWidth, shortFile, widthOf } from "./width.ts";

/** The progress of a suite, with display names. */
export interface SuiteView {
  readonly done: number;
  readonly total: number;
  /** Whether the total is final. */
  readonly isTotalFinal: boolean;
  readonly failed: number;
  /** Null where unknown. */
  readonly secondsLeft: number | null;
  readonly workers: readonly WorkerView[];
  /** Long-running tests, oldest first. */
  readonly slow: readonly RunningSummary[];
}

/** What one worker is doing. */
export interface WorkerView {
  readonly name: string;
  readonly file: string;
  readonly done: number;
  readonly failed: number;
}

/** How many long-running tests are listed. */
const shownSlow = 3;
const longestBar = 40;
const shortestBar = 10;
/** Shorter file names are not useful. */
const shortestFile = 8;

/** "412 of 806 tests, 2 failed, about 34 s left". */
export function suitePhrase(view: SuiteView): string {
  const { done, total, isTotalFinal } = view;
  if (total === 0) return "collecting tests";
  const counts = `${done} of ${isTotalFinal ? "" : "at least "}${plural(total, "test")}`;
  return [counts, ...endOfPhrase(view), ...listed(view.slow, shownSlow, slowText, "test")].join(", ");
}

/** "gw0 in tests/test_a.py › test_it for 45 s". */
function slowText({ worker, file, name, seconds }: RunningSummary): string {
  return `${worker ?? "it is"} in ${file} › ${name} for ${formatAge(seconds)}`;
}

/** The lines below a running suite's title: a bar, and a line per worker, within the available width. */
export function suiteLines(view: SuiteView, room: Room, colors: Colors): string[] {
  if (view.total === 0) return [];
  const bars = barLines({ ...view, slow: [] }, room.columns, colors);
  const slow = listed(view.slow, shownSlow, slowText, "test").map((line) =>
    colors.yellow(clipToWidth(`  ${line}`, room.columns)),
  );
  const rows = room.rows - bars.length;
  const workers = workerLines(view.workers, { ...room, rows: rows - slow.length }, colors);
  return [...bars, ...workers, ...slow.slice(0, Math.max(0, rows - workers.length))];
}

/** The bar with the phrase next to it, or below where there is no room. */
function barLines(view: SuiteView, columns: number, colors: Colors): string[] {
  const phrase = suitePhrase(view);
  const beside = Math.min(longestBar, columns - widthOf(phrase) - 5);
  if (beside >= shortestBar) return [`  ${bar(view, beside, colors)} ${phrase}`];
  const { done, total, isTotalFinal } = view;
  const shorter = [`${done} of ${total}${isTotalFinal ? "" : "+"}`, ...endOfPhrase(view)].join(", ");
  const below = [phrase, shorter].find((text) => widthOf(text) <= columns - 2) ?? clipToWidth(shorter, columns - 2);
  return [`  ${bar(view, Math.min(longestBar, Math.max(1, columns - 4)), colors)}`, `  ${below}`];
}

function endOfPhrase({ failed, secondsLeft }: SuiteView): string[] {
  return [...(failed > 0 ? [`${failed} failed`] : []), ...(secondsLeft === null ? [] : [timeLeftText(secondsLeft)])];
}

/** Only full when everything is done. */
function bar({ done, total, isTotalFinal, failed }: SuiteView, cells: number, { green, red, dim }: Colors): string {
  const full = Math.min(isTotalFinal ? cells : cells - 1, Math.floor((done / total) * cells));
  return `[${(failed > 0 ? red : green)("█".repeat(full))}${dim("░".repeat(cells - full))}]`;
}

function workerLines(workers: readonly WorkerView[], { columns, rows }: Room, colors: Colors): string[] {
  const shown = workers.length <= rows ? workers : workers.slice(0, Math.max(0, rows - 1));
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));
  const names = Math.min(longest(shown.map(({ name }) => name)), Math.max(4, Math.floor(columns / 4)));
  const counts = longest(shown.map(({ done }) => String(done)));
  const failures = longest(shown.map(failedText));
  const left = columns - 2 - names - 2 - 2 - counts - " done".length - (failures > 0 ? failures + 2 : 0);
  const shortened = shown.map(({ file }) => shortFile(file, Math.max(shortestFile, left)));
  const files = longest(shortened);
  const lines = shown.map((worker, index) => {
    const name = padToWidth(shortFile(worker.name, names), names);
    const file = padToWidth(shortened[index] ?? "", files);
    const done = `${String(worker.done).padStart(counts)} done`;
    const line = `  ${name}  ${file}  ${done}`;
    const failed = failedText(worker);
    // If even the shortest name is too long, there is no room for colors either.
    if (widthOf(line) + widthOf(failed) + 2 > columns) return clipToWidth(`${line}  ${failed}`.trimEnd(), columns);
    const end = failed === "" ? "" : `  ${colors.red(failed)}`;
    return `  ${colors.cyan(name)}  ${file}  ${colors.dim(done)}${end}`;
  });
  const hidden = workers.length - shown.length;
  if (hidden === 0 || rows < 1) return lines;
  return [...lines, clipToWidth(`  … and ${plural(hidden, "more worker")}`, columns)];
}

function failedText({ failed }: WorkerView): string {
  return failed > 0 ? `${failed} failed` : "";
}
