import { isAbsolute } from "node:path";
import type { Colors } from "../../shared/colors.ts";
import type { ReadableTest } from "../../suite/progress/running-suite.ts";
import { clipToWidth, shortFile, widthOf } from "./width.ts";

/** After so many, the final list is more useful. */
const mostFailures = 10;

/** Prints each failure of a suite when it happens. */
export class FailureNews {
  readonly #said = new Set<string>();
  /** How many of the suite's failures were handled. */
  #seen = 0;

  /** The lines for new failures of a suite, whose list only grows. */
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

/** "✘ tests/test_a.py › test_x (gw1)"; on two lines where it is too long for one. */
function failureLine({ worker, file, name }: ReadableTest, columns: number, colors: Colors): string {
  const mark = colors.red("✘");
  const by = worker === undefined || worker === "master" ? "" : ` (${worker})`;
  // A failure of a whole file has its path as the name.
  if (name === file || isAbsolute(name)) {
    const shown = shortFile(file, columns - widthOf(`✘ ${by}`));
    return `${mark} ${shown}${colors.dim(by)}`;
  }
  if (widthOf(`✘ ${file} › ${name}${by}`) <= columns) return `${mark} ${file} › ${name}${colors.dim(by)}`;
  const test = clipToWidth(name, Math.max(1, columns - widthOf(`  › ${by}`)));
  return `${mark} ${shortFile(file, columns - 2)}\n  › ${test}${colors.dim(by)}`;
}
