import type { FlakyTest, Summary } from "../model/summary.ts";
import { listed, plural } from "../shared/text.ts";

const shownTests = 3;

/** A sentence for each suite with tests that passed only when the runner retried them. */
export function flakySentences({ suites }: Summary): string[] {
  return suites.flatMap(({ name, flaky = [] }) => {
    if (flaky.length === 0) return [];
    const tests = listed(flaky, shownTests, flakyName, "test").join(", ");
    return [`${plural(flaky.length, "test")} of ${name} failed, and passed when the runner ran them again: ${tests}.`];
  });
}

/** "tests/test_a.py › test_it". */
export function flakyName({ file, name }: FlakyTest): string {
  return `${file} › ${name}`;
}
