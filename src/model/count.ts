/** How many of something there are, and how many of them were covered. */
export interface Count {
  readonly covered: number;
  readonly total: number;
}

/** How many of something are not covered. */
export function missedOf({ covered, total }: Count): number {
  return total - covered;
}

/** The files by how much they miss, those that miss the most first. */
export function mostMissedFirst<File extends Count>(files: readonly File[]): File[] {
  return files.toSorted((left, right) => missedOf(right) - missedOf(left));
}
