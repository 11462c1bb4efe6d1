import type { Count } from "../../model/count.ts";
import { isTextAt } from "./bytes.ts";

/** A function of a source file. */
export interface FunctionRecord {
  /** The bytes of its name, as latin1. */
  readonly name: string;
  /** Its first line; 0 where unknown. */
  readonly line: number;
  /** Its last line; 0 where unknown. */
  readonly end: number;
  readonly hits: number;
}

/**
 * The functions of a source file and how often each ran. A function is identified by name and first line, and by order
 * where both are equal. Workers write a file's functions in the same order, so most are found at the expected index,
 * without creating a string for the name.
 */
export class FunctionHits {
  /** Whether the data contains functions at all: zero functions differ from unmeasured ones. */
  isMeasured = false;
  readonly #functions: { name: string; line: number; end: number; hits: number }[] = [];
  /** The indexes of the current record's functions, in order. */
  #declared: number[] = [];
  /** How many of them have hits so far, while they come in the same order. */
  #counted = 0;
  /** The probable index of the next declared function. */
  #next = 0;
  /** For a record in another order: indexes by line and name, and those without hits yet by name. */
  #places: Map<string, number[]> | null = null;
  #left: Map<string, number[]> | null = null;
  /** For the current record: functions by geninfo 2 index. */
  #groups = new Map<number, { readonly line: number; readonly end: number; place: number | null }>();

  /** A record of the file begins; indexes are only valid within one record. */
  begin(): void {
    this.#declared.length = 0;
    this.#counted = 0;
    this.#next = 0;
    this.#places = null;
    this.#left = null;
    this.#groups.clear();
  }

  /** `FN`: declares a function, run or not; its name is between two byte positions. */
  declare(bytes: Buffer, nameStart: number, nameEnd: number, line: number, end: number): void {
    const expected = this.#functions[this.#next];
    const isThere = expected?.line === line && isTextAt(expected.name, bytes, nameStart, nameEnd);
    const place = isThere ? this.#next : this.#placeOf(bytes.toString("latin1", nameStart, nameEnd), line, end);
    this.#next = place + 1;
    this.#declared.push(place);
    this.#left = null;
  }

  /** `FNDA`: hits of the next function of that name; hits are added up. */
  add(bytes: Buffer, nameStart: number, nameEnd: number, hits: number): void {
    const expected = this.#functions[this.#declared[this.#counted] ?? -1];
    if (this.#left === null && expected !== undefined && isTextAt(expected.name, bytes, nameStart, nameEnd)) {
      this.#counted += 1;
      expected.hits += hits;
      return;
    }
    const name = bytes.toString("latin1", nameStart, nameEnd);
    this.#left ??= this.#leftByName();
    const places = this.#left.get(name);
    const place =
      (places !== undefined && places.length > 1 ? places.shift() : places?.[0]) ?? this.#placeOf(name, 0, 0);
    (this.#functions[place] as { hits: number }).hits += hits;
  }

  /** `FNL` of geninfo 2: declares a function by index; its names (`FNA`) refer to it. */
  declareGroup(index: number, line: number, end: number): void {
    this.#groups.set(index, { line, end, place: null });
  }

  /** `FNA` of geninfo 2: one name of a function, with hits. All names of an index are one function. */
  addAlias(index: number, name: string, hits: number): void {
    const group = this.#groups.get(index) ?? { line: 0, end: 0, place: null };
    this.#groups.set(index, group);
    group.place ??= this.#placeOf(name, group.line, group.end);
    (this.#functions[group.place] as { hits: number }).hits += hits;
  }

  /** Adds another file's functions as one record. */
  addAll(other: FunctionHits): void {
    for (const { name, line, end, hits } of other.entries()) {
      const bytes = Buffer.from(name, "latin1");
      this.declare(bytes, 0, bytes.length, line, end);
      this.add(bytes, 0, bytes.length, hits);
    }
    this.isMeasured ||= other.isMeasured;
  }

  /** Every function, in order of first appearance. */
  entries(): readonly FunctionRecord[] {
    return this.#functions;
  }

  count(): Count {
    let covered = 0;
    for (const { hits } of this.#functions) if (hits > 0) covered += 1;
    return { covered, total: this.#functions.length };
  }

  /** The index of a function that this record declares for the first time; a new one where it is unknown. */
  #placeOf(name: string, line: number, end: number): number {
    this.#places ??= this.#placesByKey();
    const key = `${line} ${name}`;
    const known = this.#places.get(key) ?? [];
    const free = known.find((place) => !this.#declared.includes(place));
    if (free !== undefined) return free;
    const place = this.#functions.push({ name, line, end, hits: 0 }) - 1;
    this.#places.set(key, [...known, place]);
    return place;
  }

  #placesByKey(): Map<string, number[]> {
    const places = new Map<string, number[]>();
    for (const [place, { line, name }] of this.#functions.entries()) push(places, `${line} ${name}`, place);
    return places;
  }

  #leftByName(): Map<string, number[]> {
    const left = new Map<string, number[]>();
    for (const place of this.#declared.slice(this.#counted)) push(left, this.#functions[place]?.name ?? "", place);
    // A name with more hits records than declarations belongs to the last of them.
    for (const place of this.#declared.slice(0, this.#counted)) {
      const name = this.#functions[place]?.name ?? "";
      if (!left.has(name)) left.set(name, [place]);
    }
    return left;
  }
}

function push(map: Map<string, number[]>, key: string, place: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [place]);
  else known.push(place);
}
