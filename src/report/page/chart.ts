import { type Html, html } from "./html.ts";

/** A position on an axis for SVG: charts scale with the page, their text does not. */
export function percent(value: number, span: number): string {
  return `${((100 * value) / span).toFixed(3)}%`;
}

/** A generous width of a character in chart labels, in pixels. */
const letterWidth = 6.6;
/** Shorter labels are omitted. */
const fewestLetters = 4;

/** The text cut to so many pixels, or "" where too little would remain. */
export function fitted(text: string, pixels: number): string {
  const letters = [...text];
  const room = Math.floor(pixels / letterWidth);
  if (letters.length <= room) return text;
  return room <= fewestLetters ? "" : `${letters.slice(0, room - 1).join("")}…`;
}

const fewestTicks = 4;

/** Round times from 0 to the end of an axis, 4 to 9 of them, in seconds. */
export function timeTicks(span: number): number[] {
  const steps = [3600, 1800, 600, 300, 120, 60, 30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];
  const step = steps.find((one) => span / one >= fewestTicks) ?? span / fewestTicks;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step);
}

/** Where marks.mjs shows the details of a mark. */
export function detailsLine(mark: string): Html {
  return html`<p class="details control" aria-live="polite" data-details hidden>For more, point at ${/^[aeiou]/.test(mark) ? "an" : "a"} ${mark}, or move through them with the arrow keys.</p>`;
}
