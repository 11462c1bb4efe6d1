import type { Output } from "./output.ts";

/** The end of a stage; `text` is null for one that threw. */
export interface StageEnd {
  readonly title: string;
  readonly text: string | null;
  readonly isBad: boolean;
  /** The duration as text. */
  readonly took: string;
}

/** Prints the line of a stage that has ended: "✔ Database: embedded Postgres 17.10 (1.2 s)". */
export function printEnd({ title, text, isBad, took }: StageEnd, output: Output): void {
  const { green, red, dim } = output.colors;
  const mark = isBad ? red("✘") : green("✔");
  const words = text === null ? title : `${title}: ${text}`;
  const lines = output.wrap(`  ${words} (${took})`);
  // The duration is dimmed unless it was wrapped; the mark replaces the first two columns.
  const [first = "", ...others] = lines.map((line) =>
    line.endsWith(`(${took})`) ? line.slice(0, -took.length - 2) + dim(`(${took})`) : line,
  );
  output.print([`${mark} ${first.slice(2)}`, ...others].join("\n"));
}
