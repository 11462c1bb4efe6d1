import { changesFigure, linesAdded, linesRemoved } from "../../model/figures.ts";
import type { FileChange } from "../../model/summary.ts";
import { clip, listed } from "../../shared/text.ts";
import { code, joined, list, table } from "./markdown.ts";

/** Limits for a list of changes. */
export interface ChangesLimits {
  readonly areas: number;
  readonly filesPerArea: number;
}

/** Up to this many files go into one table; more are grouped by area. */
const longestTable = 12;
const longestName = 200;

/**
 * The changed files with added and removed lines: one table, or a list for each top-level area where there are many.
 */
export function changesByFile(files: readonly FileChange[], limits: ChangesLimits): string {
  return files.length <= longestTable ? changesTable(files) : changesByArea(files, limits);
}

/** A file's name, with the previous name after a rename. */
export function changedName({ file, from }: FileChange): string {
  const name = code(clip(file, longestName));
  return from === undefined ? name : `${code(clip(from, longestName))} → ${name}`;
}

/** The cells for lines added and removed. */
export function binaryOrCounts(change: FileChange): [added: string, removed: string] {
  return change.added === null ? ["binary", ""] : [linesAdded([change]), linesRemoved([change])];
}

function changesTable(files: readonly FileChange[]): string {
  const rows = files.map((change) => [changedName(change), ...binaryOrCounts(change)]);
  const total = ["**Total**", `**${linesAdded(files)}**`, `**${linesRemoved(files)}**`];
  return table(["File", "Added", "Removed"], [...rows, total], [1, 2]);
}

function changesByArea(files: readonly FileChange[], { areas, filesPerArea }: ChangesLimits): string {
  const groups = new Map<string, FileChange[]>();
  for (const change of files) {
    const area = change.file.includes("/") ? (change.file.split("/", 1)[0] as string) : "";
    groups.set(area, [...(groups.get(area) ?? []), change]);
  }
  const write = ([area, group]: [string, FileChange[]]): string => {
    const title = area === "" ? "Top level" : code(clip(area, longestName));
    const line = (change: FileChange): string => `${changedName(change)} ${binaryOrCounts(change).join(" ").trim()}`;
    return `### ${title} (${changesFigure(group)})\n\n${list(listed(group, filesPerArea, line, "file"))}`;
  };
  return joined(listed([...groups], areas, write, "area"));
}
