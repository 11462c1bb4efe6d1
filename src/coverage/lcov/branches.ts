import type { Count } from "../../model/count.ts";
import { isTextAt } from "./bytes.ts";

/** What marks a branch whose line never ran. */
const neverEvaluated = -1;

/**
 * The branches of one source file and how often each was taken. A branch is what stands between `BRDA:` and the last comma,
 * "line,block,branch", whatever a dialect calls its blocks and branches; kept as the bytes it was written in.
 */
export class BranchHits {
  /** Whether the data speaks of branches at all: none of them is something else than nobody having looked. */
  isMeasured = false;
  readonly #keys: string[] = [];
  readonly #taken: number[] = [];
  /** Where each key is; made when one of a record is not where it was expected, and let go with the record. */
  #places: Map<string, number> | null = null;
  /** Where the next branch most likely is: workers write the branches of a file in the same order. */
  #next = 0;

  /** A record of the file begins. */
  begin(): void {
    this.#next = 0;
    this.#places = null;
  }

  /** Counts how often the branch that stands between two places of the bytes was taken; null where it was never evaluated. */
  add(bytes: Buffer, start: number, end: number, taken: number | null): void {
    this.isMeasured = true;
    let place = this.#next;
    if (place >= this.#keys.length || !isTextAt(this.#keys[place] as string, bytes, start, end)) {
      place = this.#place(bytes.toString("latin1", start, end));
    }
    this.#next = place + 1;
    if (taken === null) return;
    this.#taken[place] = Math.max(this.#taken[place] as number, 0) + taken;
  }

  /** Adds the branches of another one as a record of their own. */
  addAll(other: BranchHits): void {
    for (const [key, taken] of other.entries()) this.add(Buffer.from(key, "latin1"), 0, key.length, taken);
    this.isMeasured ||= other.isMeasured;
  }

  /** Every branch with how often it was taken, null for never evaluated, in the order in which they were first told of. */
  *entries(): Generator<[key: string, taken: number | null]> {
    for (const [place, key] of this.#keys.entries()) {
      const taken = this.#taken[place] as number;
      yield [key, taken === neverEvaluated ? null : taken];
    }
  }

  count(): Count {
    let covered = 0;
    for (const taken of this.#taken) if (taken > 0) covered += 1;
    return { covered, total: this.#taken.length };
  }

  #place(key: string): number {
    this.#places ??= new Map(this.#keys.map((known, place) => [known, place]));
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.#keys.push(key) - 1;
    this.#taken.push(neverEvaluated);
    this.#places.set(key, place);
    return place;
  }
}
