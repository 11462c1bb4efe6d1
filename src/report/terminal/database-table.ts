import type { ListedDatabase, ListedRun } from "../../database/inventory.ts";
import { formatAge, formatBytes, plainLine } from "../../shared/text.ts";

const unknown = "-";
const headings = ["DATABASE", "WORKER", "RUN", "LIVE", "AGE", "SIZE", "SERVER"] as const;
/** Numbers are right-aligned, text is left-aligned. */
const figures: ReadonlySet<string> = new Set(["AGE", "SIZE"]);

/**
 * A line per database, then a line per run; a sentence where there are none. @param ended directories of embedded
 * servers that have ended without being removed
 */
export function databaseTable(databases: readonly ListedDatabase[], ended: readonly string[], now: Date): string[] {
  const rows = databases.map((database) => cellsOf(database, now));
  const table = rows.length === 0 ? ["No run has a database here."] : [...aligned([headings, ...rows]), ""];
  const runs = databases.flatMap(({ run, isLive }) => runLine(run, isLive));
  const leftovers = ended.map((path) => `${path} was left by an embedded server that was killed too.`);
  const hasLeftovers = ended.length > 0 || databases.some(({ isLive }) => !isLive);
  const remedy = "`verify clean` removes what is not live.";
  return [...table, ...new Set(runs), ...leftovers, ...(hasLeftovers ? [remedy] : [])];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return figures.has(headings[column] ?? "") ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((cells) => cells.map(pad).join("  ").trimEnd());
}

function cellsOf({ name, worker, run, isLive, madeAt, bytes, server }: ListedDatabase, now: Date): string[] {
  return [
    plainLine(name),
    worker ?? unknown,
    runName(run),
    isLive ? "yes" : "no",
    madeAt === null ? unknown : formatAge((now.getTime() - madeAt.getTime()) / 1000),
    bytes === null ? unknown : formatBytes(bytes),
    server,
  ];
}

/** The run in short: its process, and its machine where that is another. */
function runName({ pid, host }: ListedRun): string {
  if (pid === null) return unknown;
  return host === null ? String(pid) : `${pid}@${plainLine(host)}`;
}

function runLine(run: ListedRun, isLive: boolean): string[] {
  if (run.directory === null) return [];
  return [`Run ${runName(run)} ${isLive ? "verifies" : "is over; it verified"} ${plainLine(run.directory)}`];
}
