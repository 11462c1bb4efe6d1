import { isAbsolute } from "node:path";
import type { Colors, Stage } from "./display.ts";
import { clipToWidth, shortFile, widthOf } from "./width.ts";

/** A failure as it may be shown. */
export interface ShownFailure {
  readonly worker: string | undefined;
  readonly file: string;
  readonly name: string;
}

/** After that many the end says more than a list would. */
const mostFailures = 10;

/** Says failures as they happen, each once. */
export class ToldFailures {
  readonly #told = new Set<string>();
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  tell(failure: ShownFailure): void {
    const key = JSON.stringify([failure.file, failure.name]);
    if (this.#told.has(key) || this.#told.size > mostFailures) return;
    this.#told.add(key);
    this.#stage.say((columns, colors) =>
      this.#told.size > mostFailures
        ? colors.dim("… more failures: see the end")
        : failureLine(failure, columns, colors),
    );
  }
}

/** "✘ tests/test_a.py › test_x (gw1)"; the test on a line of its own where both do not fit on one. */
export function failureLine({ worker, file, name }: ShownFailure, columns: number, colors: Colors): string {
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
