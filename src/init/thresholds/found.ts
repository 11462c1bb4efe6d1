import { percentOf } from "../../project/parsers/loose-values.ts";
import { computed } from "../../project/parsers/object-literal.ts";

/** The least shares that are asked of all files together, in percent. */
export interface ThresholdFigures {
  readonly lines?: number;
  readonly branches?: number;
  readonly functions?: number;
}

/** What one configuration of another tool asks for, in our terms. */
export interface FoundThresholds {
  /** The file and the key in it, for people to read: `vitest.config.ts (coverage.thresholds)`. */
  readonly place: string;
  readonly figures: ThresholdFigures;
  /** The least share of lines of each file, in percent, where one is asked for. */
  readonly eachFile?: number;
  /** The least share of lines of each file that a glob matches, in percent; globs are relative to the repo's root. */
  readonly files?: Readonly<Record<string, number>>;
  /** The least share of changed lines, in percent. */
  readonly changedLines?: number;
  /** Whether coverage must not fall. */
  readonly ratchet?: boolean;
  /** What is not offered, or not quite as it is there; one line each. */
  readonly notes: readonly string[];
}

/** Figures, and what a reader should know about them. */
export interface ReadFigures {
  readonly figures: ThresholdFigures;
  readonly notes: readonly string[];
}

/** The note on what cannot be read in a file of code. */
export const unread = "worked out while that file runs: not read";

const ours = ["lines", "branches", "functions"] as const;

/**
 * The figures that the JavaScript tools write as `lines`, `branches`, `functions` and `statements`. Statements stand in for
 * lines that are not there, as LCOV counts no statements. What is no share in percent, or asks for nothing, is left out;
 * `label` goes in front of the notes about it.
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
  // A default of ours is not given up for a figure that every run meets.
  if (shares.lines === 0) notes.push(`${label}lines 0 asks for nothing: not taken over`);
  return { figures: Object.fromEntries(Object.entries(shares).filter(([, share]) => share)), notes };
}

/** The notes on the members of an object that cannot be read. */
export function unreadMembers(written: Readonly<Record<string, unknown>>, label = ""): string[] {
  return Object.entries(written).flatMap(([key, value]) => {
    if (!isUnreadKey(key, value)) return [];
    return [`${label}${key === "..." ? "what is spread into it" : key} is ${unread}`];
  });
}

/** Whether an object's key stands for members that cannot be read: those of a spread, or of a key that is worked out. */
export function isUnreadKey(key: string, value: unknown): boolean {
  return value === computed && (key === "..." || key.startsWith("["));
}

/**
 * The floors by glob as we write them. The other tools hold a file to every glob that matches it, we to the last one that
 * does: with the highest at the end, that is the one that decides there too.
 */
export function floorsOf(
  floors: readonly (readonly [glob: string, share: number])[],
): Readonly<Record<string, number>> {
  const highest = new Map<string, number>();
  for (const [glob, share] of floors) highest.set(glob, Math.max(share, highest.get(glob) ?? 0));
  return Object.fromEntries([...highest].sort(([, left], [, right]) => left - right));
}

/** Whether a glob matches all that the rest of it does not; `!(a|b)` is about one name alone. */
export function isNegated(glob: string): boolean {
  return /^(\.\/)*!(?!\()/.test(glob);
}

/** The note about a negated glob, which would hold nearly every file. */
export function negatedNote(glob: string): string {
  return `${glob} matches all other files: not taken over`;
}

/** What `100: true` stands for. */
export const allCovered: ReadFigures = { figures: { lines: 100, branches: 100, functions: 100 }, notes: [] };

/** The note about figures that are not lines, where files are held to lines alone. */
export function unofferedOf(glob: string, branches: number | undefined, functions: number | undefined): string[] {
  const names = [branches === undefined ? [] : ["branches"], functions === undefined ? [] : ["functions"]].flat();
  return names.length === 0 ? [] : [`${glob}: ${names.join(" and ")} not taken over: files are held to lines alone`];
}

/** Whether nothing is offered and nothing is to be said. */
export function isEmpty({ figures, eachFile, files, changedLines, ratchet, notes }: FoundThresholds): boolean {
  const offered = [eachFile, changedLines, ratchet, ...Object.values(figures), ...Object.values(files ?? {})];
  return notes.length === 0 && offered.every((value) => value === undefined || value === false);
}
