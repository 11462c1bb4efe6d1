import { createReadStream } from "node:fs";
import { UnavailableError } from "../errors.ts";
import type { LineHits } from "./lines.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;
const comma = 0x2c;
const digitZero = 0x30;
const byteOrderMark = Buffer.from("\uFEFF");
const dataPrefix = Buffer.from("DA:");
const recordEnd = "end_of_record";
/** A line number beyond this is no line of a source file but damage, and would only ask for memory. */
const lastPlausibleLine = 10_000_000;

/**
 * Reads an LCOV file in one pass, whatever wrote it, and adds its lines to the tables that `hitsOf` gives for the
 * source files as they are written in it. Only `SF`, `DA`, `LF` and `end_of_record` matter; other records pass by.
 * Throws UnavailableError where the file cannot be read, is not LCOV, or was cut off: half the data is not data.
 */
export async function readLcov(path: string, hitsOf: (source: string) => LineHits): Promise<void> {
  const parser = new LcovParser(path, hitsOf);
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      rest = parser.feed(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
    }
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    throw new UnavailableError(`The coverage file ${path} cannot be read: ${(error as Error).message}.`);
  }
  if (rest.length > 0) parser.line(rest, 0, rest.length);
  parser.end();
}

/** Works on bytes: of the millions of `DA` lines none becomes a string. */
class LcovParser {
  readonly #path: string;
  readonly #hitsOf: (source: string) => LineHits;
  #lineNumber = 0;
  #records = 0;
  /** The file of the record that is open. */
  #open: LineHits | null = null;
  /** How many `DA` lines the open record has, and how many lines its `LF` claims. */
  #listed = 0;
  #claimed = 0;
  /** Whether a line was met that an LCOV file may not begin with. */
  #foreign = false;

  constructor(path: string, hitsOf: (source: string) => LineHits) {
    this.#path = path;
    this.#hitsOf = hitsOf;
  }

  /** Takes every whole line and gives back what is left of the last one. */
  feed(bytes: Buffer): Buffer {
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      this.line(bytes, start, end);
      start = end + 1;
    }
    return bytes.subarray(start);
  }

  line(bytes: Buffer, lineStart: number, lineEnd: number): void {
    this.#lineNumber += 1;
    const marked = this.#lineNumber === 1 && bytes.subarray(lineStart, lineStart + 3).equals(byteOrderMark);
    const start = marked ? lineStart + 3 : lineStart;
    const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    const first = bytes[start];
    if (first === dataPrefix[0] && bytes[start + 1] === dataPrefix[1] && bytes[start + 2] === dataPrefix[2]) {
      this.#data(bytes, start + 3, end);
    } else if (first === 0x53 /* S */ || first === 0x65 /* e */ || first === 0x4c /* L */ || this.#records === 0) {
      this.#text(bytes.toString("utf8", start, end));
    }
  }

  /** Says whether the file ended where an LCOV file may end. */
  end(): void {
    if (this.#open) {
      throw new UnavailableError(
        `The coverage file ${this.#path} is cut off in its last record (line ${this.#lineNumber}); run the suite again.`,
      );
    }
    if (this.#records === 0 && this.#foreign) {
      throw new UnavailableError(`The coverage file ${this.#path} is not in LCOV format.`);
    }
  }

  #text(text: string): void {
    if (text.startsWith("SF:")) this.#begin(text.slice(3));
    else if (text.trimEnd() === recordEnd) this.#finish();
    else if (text.startsWith("LF:")) this.#claimed = Number(text.slice(3)) || 0;
    else if (text.trim() !== "" && !/^(TN:|VER:|#)/.test(text)) this.#foreign = true;
  }

  #begin(source: string): void {
    if (this.#open) this.#fail("a record begins before the one before it has ended");
    if (source === "") this.#fail("a record names no source file");
    this.#open = this.#hitsOf(source);
    this.#records += 1;
    this.#listed = 0;
    this.#claimed = 0;
  }

  #finish(): void {
    if (!this.#open) this.#fail("a record ends that has not begun");
    if (this.#claimed > 0 && this.#listed === 0) {
      this.#fail(`a record claims ${this.#claimed} lines (LF) but lists none (DA)`);
    }
    this.#open = null;
  }

  /** `<line>,<hits>[,<checksum>]`. */
  #data(bytes: Buffer, start: number, end: number): void {
    if (!this.#open) this.#fail("a line (DA) belongs to no source file");
    const lineEnd = skipDigits(bytes, start, end);
    if (lineEnd === start || bytes[lineEnd] !== comma || lineEnd >= end) this.#fail("a line (DA) is malformed");
    const hitsEnd = skipDigits(bytes, lineEnd + 1, end);
    const plain = hitsEnd > lineEnd + 1 && (hitsEnd === end || bytes[hitsEnd] === comma);
    const hits = plain ? readDigits(bytes, lineEnd + 1, hitsEnd) : this.#unusualHits(bytes, lineEnd + 1, end);
    const line = readDigits(bytes, start, lineEnd);
    if (line > lastPlausibleLine) this.#fail(`line number ${line} is not plausible`);
    this.#listed += 1;
    // Some compilers book their own code under line 0, which no source file has.
    if (line > 0) this.#open.add(line, hits);
  }

  /** Counts such as `1e+21`, `-` (never evaluated) or a counter that overflowed into the negative: not proof that it ran. */
  #unusualHits(bytes: Buffer, start: number, end: number): number {
    const text = bytes.toString("utf8", start, end).split(",", 1)[0] ?? "";
    if (text === "-") return 0;
    const hits = Number(text);
    if (text.trim() === "" || !Number.isFinite(hits)) this.#fail("a line (DA) is malformed");
    return Math.max(hits, 0);
  }

  #fail(what: string): never {
    throw new UnavailableError(`The coverage file ${this.#path} is damaged: ${what} (line ${this.#lineNumber}).`);
  }
}

function skipDigits(bytes: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && isDigit(bytes[position] as number)) position += 1;
  return position;
}

function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end; position += 1) {
    value = value * 10 + (bytes[position] as number) - digitZero;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= digitZero && byte <= digitZero + 9;
}
