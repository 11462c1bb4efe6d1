/*
 * Under which names a run's records lie: one for the test files that ran, with others for what they rest on, what they covered,
 * and the outcome of the whole suite. All begin with the digest of the suite's surroundings.
 */

/** How the keys of all records in the same surroundings begin. */
export function prefixOf(surroundings: string): string {
  return `files-${surroundings.slice(0, 32)}-`;
}

/** For why the test files of a suite cannot be told apart, which the next run says. */
export function untoldKeyOf(surroundings: string): string {
  return `untold-${surroundings.slice(0, 32)}`;
}

/** For what each test file covered, where that is apart from the trace. */
export function coverageKeyOf(key: string): string {
  return key.replace(/^files-/, "coverage-");
}

/** For the outcome of the whole suite. */
export function outcomeKeyOf(key: string): string {
  return key.replace(/^files-/, "outcome-");
}

/** For what the test files rest on. */
export function traceKeyOf(key: string): string {
  return key.replace(/^files-/, "trace-");
}
