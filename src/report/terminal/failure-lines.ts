import type { Failure, Summary } from "../../model/summary.ts";
import type { Colors } from "../../shared/colors.ts";
import { listed, plainLine, plainText } from "../../shared/text.ts";
import { allFailures, racesLetThrough, ranBeforeText } from "../verdict.ts";
import type { Room } from "./screen.ts";
import { clipToWidth, shortFile, widthOf } from "./width.ts";

const mostFailures = 10;
const fewestFailures = 3;
/** The name, and what a short assertion and its difference take. */
const longestFailure = 12;
/** How much of a row the name of a test gets where its message stands beside it; a narrow one it has for itself. */
const nameShare = 0.75;
const narrow = 60;

/** Each failure as the runner would show it where there is room, else the beginning of its message, else a line. */
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

/** The name and as much of the message as so many rows hold; of a race how it came about, too. */
function severalLines(failure: Failure, { rows, columns }: Room, colors: Colors): string {
  const told = failure.kind === "race" ? raceLines(failure, columns - 4) : kindLines(failure);
  const message = plainText(failure.message.trim())
    .split("\n")
    .filter((line) => line.trim() !== "");
  const kept = told.slice(0, Math.max(1, rows - 1));
  const clipped = message.slice(0, rows - 1 - kept.length).map((line) => clipToWidth(line, columns - 4));
  return [nameOf(failure, columns - 4), ...[...kept, ...clipped].map((line) => `  ${colors.dim(line)}`)].join("\n");
}

/** The file and the test, or the file alone where it is what failed; the file's directories go first where there is no room. */
function nameOf({ file, name, kind }: Failure, columns: number): string {
  if (kind === "collection" || name === file) return clipToWidth(shortFile(plainLine(file), columns), columns);
  const test = plainLine(name);
  const shown = shortFile(plainLine(file), Math.max(Math.floor(columns / 2), columns - 3 - widthOf(test)));
  return clipToWidth(`${shown} › ${test}`, columns);
}

/** The command that repeats it is copied: where it has no room beside its words it has its own line, and is never cut. */
function raceLines(failure: Failure, columns: number): string[] {
  const { race, worker = "its worker" } = failure;
  const story = `Flaky: passes alone, failed on ${worker} ${ranBeforeText(failure)}`;
  const words = "In that order again:";
  if (!race?.repeat) return [clipToWidth(plainLine(story), columns)];
  const again = `${words} ${race.repeat}`;
  return [clipToWidth(plainLine(story), columns), ...(widthOf(again) <= columns ? [again] : [words, race.repeat])];
}

/** What the message of a test that did not simply fail may leave open. */
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
