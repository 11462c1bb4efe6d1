import { isAbsolute } from "node:path";
import type { Colors } from "../../shared/colors.ts";
import type { ReadableTest } from "../../suite/progress/running-suite.ts";
import { clipToWidth, shortFile, widthOf } from "./width.ts";

/** After that many the end says more than a list would. */
const mostFailures = 10;

/** Says the failures of a suite as they happen, each once. */
export class FailureNews {
  readonly #said = new Set<string>();
  /** How many of the suite's failures were looked at. */
  #seen = 0;

  /** The lines for those of a suite's failures, which only get more, that were not said yet. */
  of(failures: readonly ReadableTest[], columns: number, colors: Colors): string[] {
    const added = failures.slice(this.#seen);
    this.#seen = failures.length;
    return added.flatMap((failure) => this.#lineOf(failure, columns, colors) ?? []);
  }

  #lineOf(failure: ReadableTest, columns: number, colors: Colors): string | null {
    const key = JSON.stringify([failure.file, failure.name]);
    if (this.#said.has(key) || this.#said.size > mostFailures) return null;
    this.#said.add(key);
    return this.#said.size > mostFailures
      ? colors.dim("… more failures: see the end")
      : failureLine(failure, columns, colors);
  }
}

/** "✘ tests/test_a.py › test_x (gw1)"; the test on a line of its own where both do not fit on one. */
export function failureLine({ worker, file, name }: ReadableTest, columns: number, colors: Colors): string {
  const mark = colors.red("✘");
  const by = worker === undefined || worker === "master" ? "" : ` (${worker})`;
  // What is told of a file as a whole bears its path.
  if (name === file || isAbsolute(name)) {
    const shown = shortFile(file, columns - widthOf(`✘ ${by}`));
    return `${mark} ${shown}${colors.dim(by)}`;
  }
  if (widthOf(`✘ ${file} › ${name}${by}`) <= columns) return `${mark} ${file} › ${name}${colors.dim(by)}`;
  const test = clipToWidth(name, Math.max(1, columns - widthOf(`  › ${by}`)));
  return `${mark} ${shortFile(file, columns - 2)}\n  › ${test}${colors.dim(by)}`;
}
