import type { Failure, Summary } from "../../model/summary.ts";
import type { Colors } from "../../shared/colors.ts";
import { listed, plainLine, plainText } from "../../shared/text.ts";
import { allFailures, racesLetThrough, ranBeforeText } from "../verdict.ts";
import type { Room } from "./screen.ts";
import { clipToWidth, shortFile, widthOf } from "./width.ts";

const mostFailures = 10;
const fewestFailures = 3;
/** Enough rows for the name and a short assertion with its difference. */
const longestFailure = 12;
/** The share of a row for a test's name next to its message; in a narrow terminal the name has its own row. */
const nameShare = 0.75;
const narrow = 60;

/** Each failure in full where there is room, else the beginning of its message, else one line. */
export function failureLines(summary: Summary, { rows, columns }: Room, colors: Colors): string[] {
  const failures = allFailures(summary);
  const mark = racesLetThrough(summary) > 0 ? colors.yellow("⚠") : colors.red("✘");
  const shown = Math.min(failures.length, mostFailures);
  const each = Math.min(longestFailure, Math.floor((failures.length > shown ? rows - 1 : rows) / Math.max(1, shown)));
  if (each >= 2) {
    const write = (failure: Failure): string => `${mark} ${severalLines(failure, { rows: each, columns }, colors)}`;
    return listed(failures, shown, write, "failure").map(indented);
  }
  const limit = Math.min(mostFailures, Math.max(fewestFailures, failures.length <= rows ? rows : rows - 1));
  return listed(failures, limit, (failure) => `${mark} ${oneLine(failure, columns, colors)}`, "failure").map(indented);
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

/** The name and the beginning of the message in so many rows; for a race also how it came about. */
function severalLines(failure: Failure, { rows, columns }: Room, colors: Colors): string {
  const lines = failure.kind === "race" ? raceLines(failure, columns - 4) : kindLines(failure);
  const message = plainText(failure.message.trim())
    .split("\n")
    .filter((line) => line.trim() !== "");
  const kept = lines.slice(0, Math.max(1, rows - 1));
  const clipped = message.slice(0, rows - 1 - kept.length).map((line) => clipToWidth(line, columns - 4));
  return [nameOf(failure, columns - 4), ...[...kept, ...clipped].map((line) => `  ${colors.dim(line)}`)].join("\n");
}

/** File and test, or only the file where that failed; directories are dropped first where there is no room. */
function nameOf({ file, name, kind }: Failure, columns: number): string {
  if (kind === "collection" || name === file) return clipToWidth(shortFile(plainLine(file), columns), columns);
  const test = plainLine(name);
  const shown = shortFile(plainLine(file), Math.max(Math.floor(columns / 2), columns - 3 - widthOf(test)));
  return clipToWidth(`${shown} › ${test}`, columns);
}

/** The replay command must be copyable: it gets its own line where needed and is never cut. */
function raceLines(failure: Failure, columns: number): string[] {
  const { race, worker = "its worker" } = failure;
  const story = `Flaky: passes alone, failed on ${worker} ${ranBeforeText(failure)}`;
  const words = "In that order again:";
  if (!race?.repeat) return [clipToWidth(plainLine(story), columns)];
  const again = `${words} ${race.repeat}`;
  return [clipToWidth(plainLine(story), columns), ...(widthOf(again) <= columns ? [again] : [words, race.repeat])];
}

/** Explains failures of other kinds. */
function kindLines({ kind, worker }: Failure): string[] {
  if (kind === "crash") return [`${worker ?? "Its worker"} crashed in it.`];
  return kind === "collection" ? ["It could not be loaded."] : [];
}

function oneLine(failure: Failure, columns: number, colors: Colors): string {
  if (columns < narrow) return nameOf(failure, columns - 4);
  const name = nameOf(failure, Math.floor(columns * nameShare));
  const room = columns - 6 - widthOf(name);
  const message = failure.kind === "race" ? "flaky: passes alone" : firstLine(failure);
  return `${name}${message === "" || room < 2 ? "" : `  ${colors.dim(clipToWidth(message, room))}`}`;
}

function firstLine({ message }: Failure): string {
  return plainLine(message.trim().split("\n", 1)[0] ?? "");
}
