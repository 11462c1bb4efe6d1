import { stripVTControlCharacters } from "node:util";

/** "1 test", "806 tests"; irregular plurals are passed in. */
export function plural(count: number, singular: string, several = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : several}`;
}

/** A duration for people: "40 ms", "0.4 s", "12.3 s", "1 min 15.6 s", "1 h 02 min". */
export function formatSeconds(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  if (tenths < 1) return `${Math.round(seconds * 1000)} ms`;
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  if (tenths < 36_000) return `${Math.floor(tenths / 600)} min ${((tenths % 600) / 10).toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** An age in one unit: "12 s", "3 min", "5 h", "2 days". */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 2 * 86_400) return `${Math.floor(whole / 3600)} h`;
  return plural(Math.floor(whole / 86_400), "day");
}

/** An ISO 8601 time for people, to the minute: "2026-01-27 10:15 UTC". */
export function formatMoment(isoTime: string): string {
  return `${isoTime.slice(0, 16).replace("T", " ")} UTC`;
}

/** A size in decimal units: "812 kB", "7.6 MB", "1.2 GB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const kilobytes = Math.round(bytes / 1000);
  if (kilobytes < 1000) return `${kilobytes} kB`;
  const megabytes = Math.round(bytes / 1e5) / 10;
  if (megabytes < 1000) return `${megabytes.toFixed(megabytes < 100 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A factor: "4.6×", "12×". */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio < 9.95 ? 1 : 0)}×`;
}

/** Any text without terminal control characters and changes of the writing direction. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, "");
}

/** The same on one line. */
export function plainLine(text: string): string {
  return plainText(text).replace(/\s+/g, " ").trim();
}

/** The text, cut with "…" to so many characters. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** The first items, and the number of the others: "… and 40 more files". */
export function listed<Item>(
  items: readonly Item[],
  limit: number,
  write: (item: Item) => string,
  rest: string,
): string[] {
  const lines = items.slice(0, limit).map(write);
  const left = items.length - lines.length;
  return left > 0 ? [...lines, `… and ${plural(left, `more ${rest}`)}`] : lines;
}

/** A short object id. */
export function shortId(objectId: string): string {
  return objectId.slice(0, 7);
}

/** Compares names by code unit, which is the same on every machine; so are moments in ISO 8601. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
