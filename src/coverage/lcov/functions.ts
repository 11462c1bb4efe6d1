import type { Count } from "../../model/count.ts";
import { isTextAt } from "./bytes.ts";

/** A function of a source file. */
export interface FunctionRecord {
  /** The bytes it was written in, a character a byte. */
  readonly name: string;
  /** Where it begins; 0 where that was never told. */
  readonly line: number;
  /** Where it ends; 0 where that was never told. */
  readonly end: number;
  readonly hits: number;
}

/**
 * The functions of one source file and how often each ran. A function is known by its name and the line it begins at, so
 * that two of one name are two; those that share both are told apart by their order. Workers write the functions of a file
 * in the same order, so that most of them are found where they are expected, without a string being made of their name.
 */
export class FunctionHits {
  /** Whether the data speaks of functions at all: none of them is something else than nobody having looked. */
  isMeasured = false;
  readonly #functions: { name: string; line: number; end: number; hits: number }[] = [];
  /** Of the record that is being read: the places of the functions in it, in their order. */
  #declared: number[] = [];
  /** How many of those have been told hits of, as long as they come in the same order. */
  #told = 0;
  /** Where the function that is declared next most likely is. */
  #next = 0;
  /** Of the record that is being read, once its order is another: the places by line and name, and those left to tell by name. */
  #places: Map<string, number[]> | null = null;
  #left: Map<string, number[]> | null = null;
  /** Of the record that is being read: by the index of geninfo 2, where the function is. */
  #groups = new Map<number, { readonly line: number; readonly end: number; place: number | null }>();

  /** A record of the file begins: what names stand for is known within one record only. */
  begin(): void {
    this.#declared.length = 0;
    this.#told = 0;
    this.#next = 0;
    this.#places = null;
    this.#left = null;
    this.#groups.clear();
  }

  /** `FN`: a function that is there, whether it ran or not; its name stands between two places of the bytes. */
  declare(bytes: Buffer, nameStart: number, nameEnd: number, line: number, end: number): void {
    const expected = this.#functions[this.#next];
    const isThere = expected?.line === line && isTextAt(expected.name, bytes, nameStart, nameEnd);
    const place = isThere ? this.#next : this.#placeOf(bytes.toString("latin1", nameStart, nameEnd), line, end);
    this.#next = place + 1;
    this.#declared.push(place);
    this.#left = null;
  }

  /** `FNDA`: hits of the next function of that name; hits of one function add up. */
  add(bytes: Buffer, nameStart: number, nameEnd: number, hits: number): void {
    const expected = this.#functions[this.#declared[this.#told] ?? -1];
    if (this.#left === null && expected !== undefined && isTextAt(expected.name, bytes, nameStart, nameEnd)) {
      this.#told += 1;
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

  /** `FNL` of geninfo 2: a function by an index, which its names (`FNA`) refer to. */
  declareGroup(index: number, line: number, end: number): void {
    this.#groups.set(index, { line, end, place: null });
  }

  /** `FNA` of geninfo 2: one of the names of a function, and its hits. All names of an index are one function. */
  addAlias(index: number, name: string, hits: number): void {
    const group = this.#groups.get(index) ?? { line: 0, end: 0, place: null };
    this.#groups.set(index, group);
    group.place ??= this.#placeOf(name, group.line, group.end);
    (this.#functions[group.place] as { hits: number }).hits += hits;
  }

  /** Adds the functions of another one as a record of their own. */
  addAll(other: FunctionHits): void {
    for (const { name, line, end, hits } of other.entries()) {
      const bytes = Buffer.from(name, "latin1");
      this.declare(bytes, 0, bytes.length, line, end);
      this.add(bytes, 0, bytes.length, hits);
    }
    this.isMeasured ||= other.isMeasured;
  }

  /** Every function, in the order in which they were first told of. */
  entries(): readonly FunctionRecord[] {
    return this.#functions;
  }

  count(): Count {
    let covered = 0;
    for (const { hits } of this.#functions) if (hits > 0) covered += 1;
    return { covered, total: this.#functions.length };
  }

  /** Where a function is that this record has not declared yet; a new place where there is none. */
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
    for (const place of this.#declared.slice(this.#told)) push(left, this.#functions[place]?.name ?? "", place);
    // A name that is told once more than it was declared is the last one of it.
    for (const place of this.#declared.slice(0, this.#told)) {
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
