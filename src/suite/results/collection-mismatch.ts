import { UnavailableError } from "../../shared/errors.ts";
import type { TestResults } from "../runners/runner.ts";

/** The runner's workers collected different tests, so it ran none of them. */
export class CollectionMismatchError extends UnavailableError {}

/** Only the package for parallel workers is missing, so the runner ran nothing. */
export class NoWorkersError extends UnavailableError {}

/** Why workers collect different tests, and what to do about it. */
export const collectionMismatchAdvice =
  'A parametrized id that holds a time or a random value does that; give such parameters fixed ids, or run with `"workers": 1`.';

/**
 * Throws UnavailableError where processes that choose their own shares collected different tests: some tests would run
 * twice, or not at all.
 */
export function requireSameTests(suite: string, parts: readonly Pick<TestResults, "collected">[]): void {
  const lists = parts.map(({ collected }) => collected).filter((list) => list !== undefined);
  const [first, ...others] = lists;
  if (first === undefined || first === null) return;
  for (const other of others) {
    const difference = other === null ? [] : [...only(first, other, "-"), ...only(other, first, "+")];
    if (difference.length === 0) continue;
    throw new UnavailableError(
      `${suite}: the processes collected different tests, so nothing is judged. ${collectionMismatchAdvice}\n${difference.slice(0, 6).join("\n")}`,
    );
  }
}

function only(ids: readonly string[], others: readonly string[], mark: string): string[] {
  const known = new Set(others);
  return ids.filter((id) => !known.has(id)).map((id) => `${mark}${id}`);
}
