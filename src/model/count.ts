/** A total, and how much of it is covered. */
export interface Count {
  readonly covered: number;
  readonly total: number;
}

/** How much is uncovered. */
export function missedOf({ covered, total }: Count): number {
  return total - covered;
}

/** Compares files, the one with the most uncovered lines first. */
export function mostMissedFirst<File extends Count>(files: readonly File[]): File[] {
  return files.toSorted((left, right) => missedOf(right) - missedOf(left));
}
