import type { Count } from "../../model/count.ts";

/** The first capacity of a file's table, in lines. */
const smallFile = 256;
/** A safe upper limit for hits that can be written and read again. */
const mostHits = 1e21;
/** Marks a line without data; hits are never negative. */
const unknown = -1;

/** The executable lines of a source file and how often each ran, in a flat array, as there may be millions. */
export class LineHits {
  #table = new Float64Array(smallFile).fill(unknown);

  /** Adds hits of a line (counted from 1). */
  add(line: number, hits: number): void {
    if (line >= this.#table.length) this.#grow(line + 1);
    this.#table[line] = Math.min(Math.max(this.#table[line] as number, 0) + hits, mostHits);
  }

  /** Every executable line with its hits, in ascending order. */
  *entries(): Generator<[line: number, hits: number]> {
    for (const [line, hits] of this.#table.entries()) if (hits !== unknown) yield [line, hits];
  }

  /** The hits of a line; null where it is not executable. */
  hitsOf(line: number): number | null {
    const hits = this.#table[line] ?? unknown;
    return hits === unknown ? null : hits;
  }

  /** The last executable line; 0 where there is none. */
  last(): number {
    return Math.max(
      0,
      this.#table.findLastIndex((hits) => hits !== unknown),
    );
  }

  count(): Count {
    let covered = 0;
    let total = 0;
    for (const hits of this.#table) {
      if (hits === unknown) continue;
      total += 1;
      if (hits > 0) covered += 1;
    }
    return { covered, total };
  }

  #grow(needed: number): void {
    const larger = new Float64Array(Math.max(needed, this.#table.length * 2)).fill(unknown);
    larger.set(this.#table);
    this.#table = larger;
  }
}
