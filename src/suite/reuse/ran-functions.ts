import { decode } from "@jridgewell/sourcemap-codec";
import type { ChangedFunction } from "./source-comparison.ts";

/** What runs of a module: its compiled code, and the source map's mappings of that. */
export interface CompiledCode {
  readonly code: string;
  /** Empty where there is none, or where the code is of several sources. */
  readonly mappings: string;
}

/** What V8 saw of a script. */
export interface ScriptCoverage {
  readonly url: string;
  /** How much lies before the code, of what is put around a module. */
  readonly startOffset?: number;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Where each function of a source is in the code that was compiled from it. */
export class CompiledModule {
  /** By place in the source, where it is in the code. */
  readonly #places: readonly { readonly source: number; readonly code: number }[];

  constructor(source: string, { code, mappings }: CompiledCode) {
    const [sourceLines, codeLines] = [lineStarts(source), lineStarts(code)];
    this.#places = decode(mappings).flatMap((segments, line) =>
      segments.flatMap((segment) => {
        const [column, , sourceLine, sourceColumn] = segment;
        if (sourceLine === undefined || sourceColumn === undefined) return [];
        return [{ source: (sourceLines[sourceLine] ?? 0) + sourceColumn, code: (codeLines[line] ?? 0) + column }];
      }),
    );
  }

  /** Whether a function ran, by what V8 saw; true where that cannot be told. */
  hasRun({ start, end }: ChangedFunction, scripts: readonly ScriptCoverage[]): boolean {
    const inside = this.#places.filter(({ source }) => source >= start && source < end);
    if (inside.length === 0 || scripts.length === 0) return true;
    return scripts.some(({ startOffset = 0, functions }) => {
      const outers = functions.flatMap(({ ranges: [outer] }) => outer ?? []);
      return inside.some(({ code }) => (innermost(outers, code + startOffset)?.count ?? 1) > 0);
    });
  }
}

/** The smallest range that holds a place. */
function innermost(ranges: readonly Range[], place: number): Range | null {
  let found: Range | null = null;
  for (const range of ranges) {
    if (place < range.startOffset || place >= range.endOffset) continue;
    if (found === null || range.endOffset - range.startOffset <= found.endOffset - found.startOffset) found = range;
  }
  return found;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return starts;
}
