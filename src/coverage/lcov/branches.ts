import type { Count } from "../../model/count.ts";
import { isTextAt } from "./bytes.ts";

/** Marks a branch whose line never ran. */
const neverEvaluated = -1;

/**
 * The branches of a source file and how often each was taken. The key is everything between `BRDA:` and the last comma,
 * "line,block,branch", kept as the bytes it was written in.
 */
export class BranchHits {
  /** Whether the data contains branches at all: zero branches differ from unmeasured ones. */
  isMeasured = false;
  readonly #keys: string[] = [];
  readonly #taken: number[] = [];
  /** The index of each key; built when a branch is out of order, and dropped at the end of the record. */
  #places: Map<string, number> | null = null;
  /** The probable index of the next branch: workers write a file's branches in the same order. */
  #next = 0;

  /** A record of the file begins. */
  begin(): void {
    this.#next = 0;
    this.#places = null;
  }

  /** Adds to the count of the branch whose key is between two byte positions; null where it was never evaluated. */
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

  /** Adds another file's branches as one record. */
  addAll(other: BranchHits): void {
    for (const [key, taken] of other.entries()) this.add(Buffer.from(key, "latin1"), 0, key.length, taken);
    this.isMeasured ||= other.isMeasured;
  }

  /** Every branch with its count, null for never evaluated, in order of first appearance. */
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
