import type { Colors } from "./display.ts";

/** What came of a stage: a few words, which speak against it where that is said. */
export type Conclusion = string | { readonly text: string; readonly isBad: boolean };

/** The mark of a stage that has ended, in its color, and the words behind it. */
export function concluded(
  conclusion: Conclusion,
  { green, red }: Colors,
): { readonly mark: string; readonly text: string } {
  if (typeof conclusion === "string") return { mark: green("✔"), text: conclusion };
  return { mark: conclusion.isBad ? red("✘") : green("✔"), text: conclusion.text };
}
