import type { Gate } from "../../config/schema.ts";

/** The coverage thresholds of a suite's own configuration, in percent; 0 where there is none. */
export interface OwnThresholds {
  readonly lines: number;
  readonly branches: number;
  readonly functions: number;
  readonly statements: number;
  /** Thresholds for single files, and those that cannot be expressed in percent: phrases. */
  readonly others: readonly string[];
}

export const noThresholds: OwnThresholds = { lines: 0, branches: 0, functions: 0, statements: 0, others: [] };

/** The highest of several thresholds. */
export function strictest(all: readonly Partial<OwnThresholds>[]): OwnThresholds {
  const most = (metric: "lines" | "branches" | "functions" | "statements"): number =>
    Math.max(0, ...all.map((one) => one[metric] ?? 0));
  return {
    lines: most("lines"),
    branches: most("branches"),
    functions: most("functions"),
    statements: most("statements"),
    others: [...new Set(all.flatMap(({ others = [] }) => others))],
  };
}

const gated = ["lines", "branches", "functions"] as const;

/**
 * A note about the project's own thresholds that the gate does not apply, so that they are not silently lost: one note,
 * or none.
 */
export function thresholdNotes(
  name: string,
  own: OwnThresholds,
  gate: Pick<Gate, "lines" | "branches" | "functions" | "files">,
): string[] {
  const more = gated.filter((metric) => own[metric] > (gate[metric] ?? 0));
  const asked = more.map((metric) => `${own[metric]} % of ${metric}`);
  const held = more.map((metric) => (gate[metric] ? `${gate[metric]} % of ${metric}` : `no ${metric}`));
  const setting = JSON.stringify(Object.fromEntries(more.map((metric) => [metric, own[metric]])));
  const unjudged = [
    ...(own.statements > Math.max(gate.lines, own.lines) ? [`${own.statements} % of statements`] : []),
    ...(gate.files === undefined ? own.others : []),
  ];
  const sentences = [
    ...(more.length === 0
      ? []
      : [
          `${name} asks for ${inWords(asked)} in its own configuration, which a share of the files cannot be held to; the gate on the whole asks for ${inWords(held)}: set "coverage": ${spaced(setting)}.`,
        ]),
    ...(unjudged.length === 0
      ? []
      : [`What the configuration of ${name} also asks for is not judged: ${inWords(unjudged)}.`]),
  ];
  return sentences.length === 0 ? [] : [sentences.join(" ")];
}

function inWords(phrases: readonly string[]): string {
  const [last = "", ...before] = [...phrases].reverse();
  return before.length === 0 ? last : `${before.reverse().join(", ")} and ${last}`;
}

/** JSON on one line, with spaces as people write it. */
function spaced(json: string): string {
  return json.replace(/^\{/, "{ ").replace(/\}$/, " }").replaceAll('":', '": ').replaceAll(',"', ', "');
}
