import { createReadStream } from "node:fs";
import { UnavailableError } from "../../shared/errors.ts";
import { isTextAt, readDigits, skipDigits } from "./bytes.ts";
import type { FunctionHits } from "./functions.ts";
import type { SourceCoverage } from "./source-coverage.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;
const comma = 0x2c;
const dash = 0x2d;
const byteOrderMark = Buffer.from("\uFEFF");
const dataPrefix = Buffer.from("DA:");
const branchPrefix = "BRDA:";
const functionKinds = ["FN", "FNDA", "FNL", "FNA", "FNF"] as const;
const recordEnd = "end_of_record";
/** Higher line numbers indicate damage and would only use memory. */
const lastPlausibleLine = 10_000_000;

/**
 * Reads an LCOV file of any writer in one pass and adds its lines, functions and branches to what `coverageOf` returns
 * for each source file name. Totals are recomputed; MC/DC is ignored. Throws UnavailableError where the file is
 * unreadable, not LCOV, or truncated.
 */
export async function readLcov(path: string, coverageOf: (source: string) => SourceCoverage): Promise<void> {
  const parser = new LcovParser(path, coverageOf);
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

/** Works on bytes, without a string for each of millions of `DA` lines. */
class LcovParser {
  readonly #path: string;
  readonly #coverageOf: (source: string) => SourceCoverage;
  #lineNumber = 0;
  #records = 0;
  /** The file of the open record. */
  #open: SourceCoverage | null = null;
  /** The number of `DA` lines in the open record, and the number that its `LF` claims. */
  #listed = 0;
  #claimed = 0;
  /** Whether a line was found that is no LCOV. */
  #foreign = false;

  constructor(path: string, coverageOf: (source: string) => SourceCoverage) {
    this.#path = path;
    this.#coverageOf = coverageOf;
  }

  /** Parses all complete lines and returns the rest. */
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
    } else if (first === 0x42 /* B */ && isTextAt(branchPrefix, bytes, start, start + branchPrefix.length)) {
      this.#branch(bytes, start + branchPrefix.length, end);
    } else if (first === 0x46 /* F */ && bytes[start + 1] === 0x4e /* N */) {
      this.#function(bytes, start, end);
    } else if (isNoted(first) || this.#records === 0) {
      this.#text(bytes.toString("utf8", start, end));
    }
  }

  /** Throws where the file ended in the middle of a record. */
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
    else if (text.startsWith("BRF:") && this.#open) this.#open.branches.isMeasured = true;
    else if (text.startsWith("LF:")) this.#claimed = Number(text.slice(3)) || 0;
    else if (this.#open && /^\s+\S/.test(text)) this.#fail("a line begins with a blank");
    else if (text.trim() !== "" && !/^(TN:|VER:|#)/.test(text)) this.#foreign = true;
  }

  #begin(source: string): void {
    if (this.#open) this.#fail("a record begins before the one before it has ended");
    if (source === "") this.#fail("a record names no source file");
    this.#open = this.#coverageOf(source);
    this.#open.begin();
    this.#records += 1;
    this.#listed = 0;
    this.#claimed = 0;
  }

  #finish(): void {
    if (!this.#open) this.#fail("a record ends that has not begun");
    if (this.#claimed > this.#listed) {
      this.#fail(`a record claims ${this.#claimed} lines (LF) but lists ${this.#listed || "none"} (DA)`);
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
    // Some compilers attribute their own code to line 0.
    if (line > 0) this.#open.lines.add(line, hits);
  }

  /** `<line>,<block>,<branch>,<taken>`; the branch may contain commas. */
  #branch(bytes: Buffer, start: number, end: number): void {
    if (!this.#open) this.#fail("a branch (BRDA) belongs to no source file");
    const lineEnd = skipDigits(bytes, start, end);
    let takenStart = end;
    while (takenStart > start && bytes[takenStart - 1] !== comma) takenStart -= 1;
    let blockEnd = lineEnd + 1;
    while (blockEnd < takenStart && bytes[blockEnd] !== comma) blockEnd += 1;
    if (lineEnd === start || bytes[lineEnd] !== comma || blockEnd >= takenStart - 1 || takenStart === end)
      this.#fail("a branch (BRDA) is malformed");
    const isPlain = skipDigits(bytes, takenStart, end) === end;
    const isNever = takenStart === end - 1 && bytes[takenStart] === dash;
    const taken = isPlain
      ? readDigits(bytes, takenStart, end)
      : isNever
        ? null
        : this.#unusualHits(bytes, takenStart, end);
    this.#open.branches.add(bytes, start, takenStart - 1, taken);
  }

  /** `FN:<line>,[<end>,]<name>`, `FNDA:<hits>,<name>`; of geninfo 2 `FNL:<index>,<line>[,<end>]`, `FNA:<index>,<hits>,<name>`. */
  #function(bytes: Buffer, start: number, end: number): void {
    let colon = start;
    while (colon < end && bytes[colon] !== 0x3a) colon += 1;
    const kind = functionKinds.find((known) => isTextAt(known, bytes, start, colon));
    if (kind === undefined) return;
    if (!this.#open) this.#fail(`a function (${kind}) belongs to no source file`);
    const { functions } = this.#open;
    functions.isMeasured = true;
    const first = colon + 1;
    if (kind === "FN") this.#declared(functions, bytes, first, end);
    else if (kind === "FNDA") this.#addHits(functions, bytes, first, end);
    else if (kind !== "FNF") this.#grouped(functions, kind, bytes.toString("latin1", first, end));
  }

  #declared(functions: FunctionHits, bytes: Buffer, start: number, end: number): void {
    const lineEnd = skipDigits(bytes, start, end);
    if (lineEnd === start || bytes[lineEnd] !== comma) this.#fail("a function (FN) is malformed");
    const second = skipDigits(bytes, lineEnd + 1, end);
    const hasEnd = second > lineEnd + 1 && bytes[second] === comma;
    const line = readDigits(bytes, start, lineEnd);
    functions.declare(
      bytes,
      (hasEnd ? second : lineEnd) + 1,
      end,
      line,
      hasEnd ? readDigits(bytes, lineEnd + 1, second) : 0,
    );
  }

  #addHits(functions: FunctionHits, bytes: Buffer, start: number, end: number): void {
    const hitsEnd = skipDigits(bytes, start, end);
    if (hitsEnd > start && bytes[hitsEnd] === comma) {
      functions.add(bytes, hitsEnd + 1, end, readDigits(bytes, start, hitsEnd));
      return;
    }
    const nameStart = bytes.indexOf(comma, start) + 1;
    if (nameStart <= 0 || nameStart > end) this.#fail("a function (FNDA) is malformed");
    functions.add(bytes, nameStart, end, this.#unusualHits(bytes, start, end));
  }

  #grouped(functions: FunctionHits, kind: string, text: string): void {
    const [, index, first, rest] =
      (kind === "FNL" ? /^(\d+),(\d+)(?:,(\d+))?$/ : /^(\d+),(\d+),(.*)$/).exec(text) ?? [];
    if (index === undefined) this.#fail(`a function (${kind}) is malformed`);
    if (kind === "FNL") functions.declareGroup(Number(index), Number(first), Number(rest ?? 0));
    else functions.addAlias(Number(index), rest ?? "", Number(first));
  }

  /** Counts such as `1e+21`, `-` (never evaluated) or negative overflows do not prove that a line ran. */
  #unusualHits(bytes: Buffer, start: number, end: number): number {
    const text = bytes.toString("utf8", start, end).split(",", 1)[0] ?? "";
    if (text === "-") return 0;
    const hits = Number(text);
    if (text.trim() === "" || !Number.isFinite(hits)) this.#fail("a count is malformed");
    return Math.max(hits, 0);
  }

  #fail(what: string): never {
    throw new UnavailableError(`The coverage file ${this.#path} is damaged: ${what} (line ${this.#lineNumber}).`);
  }
}

/** Whether lines with that first byte are parsed: SF, end_of_record, LF, BRF, and unknown records. */
function isNoted(byte: number | undefined): boolean {
  return byte === 0x53 || byte === 0x65 || byte === 0x4c || byte === 0x42 || byte === 0x20 || byte === 0x09;
}
