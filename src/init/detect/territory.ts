import { depth, isUnder } from "../../project/project-files.ts";

/** A directory that may be the root of a suite. */
export interface Candidate {
  readonly root: string;
  /** Whether a run there collects this test file. */
  covers(path: string): boolean;
  /** Whether it is declared as a root, regardless of its test files. */
  readonly declared: boolean;
}

/**
 * The candidates that are suites, so that every test file runs once. A root inside of another's territory belongs to
 * it; a root whose tests all belong to nested roots only shares configuration.
 */
export function outermost<Root extends Candidate>(candidates: readonly Root[], testFiles: readonly string[]): Root[] {
  const accepted: Root[] = [];
  for (const candidate of candidates.toSorted((left, right) => depth(left.root) - depth(right.root))) {
    const fresh = testFiles.filter((file) => candidate.covers(file) && !accepted.some((outer) => outer.covers(file)));
    const deeper = candidates.filter((other) => other.root !== candidate.root && isUnder(candidate.root, other.root));
    const own = fresh.filter((file) => !deeper.some((other) => other.covers(file)));
    const isCovered = accepted.some((outer) => outer.covers(`${candidate.root}/`));
    if (own.length > 0 || (candidate.declared && !isCovered)) accepted.push(candidate);
  }
  return accepted;
}
