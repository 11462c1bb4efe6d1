import { UnavailableError } from "../../shared/errors.ts";
import type { TestResults } from "../runners/runner.ts";

/** The workers of a runner found different tests, so that it ran none of them. */
export class DifferentTestsError extends UnavailableError {}

/** A runner lacks nothing but what runs its workers side by side, so that it ran nothing. */
export class NoWorkersError extends UnavailableError {}

/** Why workers come to find different tests, and what helps. */
export const differentTestsAdvice =
  'A parametrized id that holds a time or a random value does that; give such parameters fixed ids, or run with `"workers": 1`.';

/**
 * Throws UnavailableError where processes that find their shares by themselves did not find the same tests: some would be
 * run by nobody, or twice.
 */
export function requireSameTests(suite: string, parts: readonly Pick<TestResults, "collected">[]): void {
  const lists = parts.map(({ collected }) => collected).filter((list) => list !== undefined);
  const [first, ...others] = lists;
  if (first === undefined || first === null) return;
  for (const other of others) {
    const difference = other === null ? [] : [...only(first, other, "-"), ...only(other, first, "+")];
    if (difference.length === 0) continue;
    throw new UnavailableError(
      `${suite}: the processes collected different tests, so nothing is judged. ${differentTestsAdvice}\n${difference.slice(0, 6).join("\n")}`,
    );
  }
}

function only(ids: readonly string[], others: readonly string[], mark: string): string[] {
  const known = new Set(others);
  return ids.filter((id) => !known.has(id)).map((id) => `${mark}${id}`);
}
