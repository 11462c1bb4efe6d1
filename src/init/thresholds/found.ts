import { computed, percentOf } from "../../project/parsers/loose-values.ts";

/** Minimum coverage of all files together, in percent. */
export interface ThresholdFigures {
  readonly lines?: number;
  readonly branches?: number;
  readonly functions?: number;
}

/** The thresholds in one configuration of another tool, in our terms. */
export interface FoundThresholds {
  /** The file and key, for people: `vitest.config.ts (coverage.thresholds)`. */
  readonly place: string;
  readonly figures: ThresholdFigures;
  /** The minimum line coverage of each file in percent, if any. */
  readonly eachFile?: number;
  /** The minimum line coverage by glob in percent; globs are relative to the repository's root. */
  readonly files?: Readonly<Record<string, number>>;
  /** The minimum coverage of changed lines in percent. */
  readonly changedLines?: number;
  /** Whether coverage must not fall. */
  readonly ratchet?: boolean;
  /** What cannot be adopted exactly; one line each. */
  readonly notes: readonly string[];
}

/** Parsed figures with notes. */
export interface ReadFigures {
  readonly figures: ThresholdFigures;
  readonly notes: readonly string[];
}

/** A note about values in code that cannot be read. */
export const unread = "worked out while that file runs: not read";

const ours = ["lines", "branches", "functions"] as const;

/**
 * Reads `lines`, `branches`, `functions` and `statements` as JavaScript tools write them. Statements replace missing
 * lines, as LCOV has no statements. Values that are no percentage, or 0, are dropped; `label` begins notes about them.
 */
export function readFigures(written: Readonly<Record<string, unknown>>, label = ""): ReadFigures {
  const notes = unreadMembers(written, label);
  const shareOf = (metric: string): number | undefined => {
    const value = written[metric];
    if (value === computed) notes.push(`${label}${metric} is ${unread}`);
    if (typeof value === "number" && value < 0)
      notes.push(`${label}${metric} ${value} is how many may be uncovered, not a share: not taken over`);
    return percentOf(value) ?? undefined;
  };
  const shares = Object.fromEntries(ours.map((metric) => [metric, shareOf(metric)]));
  const statements = shareOf("statements");
  if (statements !== undefined && shares.lines === undefined) {
    shares.lines = statements;
    notes.push(`${label}statements ${statements} is applied to lines: LCOV counts no statements`);
  } else if (statements !== undefined && statements > (shares.lines ?? 0)) {
    notes.push(`${label}statements ${statements} is not taken over: LCOV counts no statements`);
  }
  // A threshold of 0 is no reason to lower our default.
  if (shares.lines === 0) notes.push(`${label}lines 0 asks for nothing: not taken over`);
  return { figures: Object.fromEntries(Object.entries(shares).filter(([, share]) => share)), notes };
}

/** Notes about members of an object that cannot be read. */
export function unreadMembers(written: Readonly<Record<string, unknown>>, label = ""): string[] {
  return Object.entries(written).flatMap(([key, value]) => {
    if (!isUnreadKey(key, value)) return [];
    return [`${label}${key === "..." ? "what is spread into it" : key} is ${unread}`];
  });
}

/** Whether a key stands for unreadable members: a spread or a computed key. */
export function isUnreadKey(key: string, value: unknown): boolean {
  return value === computed && (key === "..." || key.startsWith("["));
}

/**
 * Minimums by glob in our order. Other tools apply every matching glob, we apply the last, so the highest comes last.
 */
export function floorsOf(
  floors: readonly (readonly [glob: string, share: number])[],
): Readonly<Record<string, number>> {
  const highest = new Map<string, number>();
  for (const [glob, share] of floors) highest.set(glob, Math.max(share, highest.get(glob) ?? 0));
  return Object.fromEntries([...highest].sort(([, left], [, right]) => left - right));
}

/** Whether a glob is negated as a whole; `!(a|b)` only applies to one name. */
export function isNegated(glob: string): boolean {
  return /^(\.\/)*!(?!\()/.test(glob);
}

/** A note about a negated glob, which would apply to nearly every file. */
export function negatedNote(glob: string): string {
  return `${glob} matches all other files: not taken over`;
}

/** The meaning of `100: true`. */
export const allCovered: ReadFigures = { figures: { lines: 100, branches: 100, functions: 100 }, notes: [] };

/** A note about metrics other than lines, which have no minimum per file. */
export function unofferedOf(glob: string, branches: number | undefined, functions: number | undefined): string[] {
  const names = [branches === undefined ? [] : ["branches"], functions === undefined ? [] : ["functions"]].flat();
  return names.length === 0 ? [] : [`${glob}: ${names.join(" and ")} not taken over: files are held to lines alone`];
}

/** Whether there are neither figures nor notes. */
export function isEmpty({ figures, eachFile, files, changedLines, ratchet, notes }: FoundThresholds): boolean {
  const offered = [eachFile, changedLines, ratchet, ...Object.values(figures), ...Object.values(files ?? {})];
  return notes.length === 0 && offered.every((value) => value === undefined || value === false);
}
