/** A text as a regular expression that matches it alone, a slash too where one delimits it. */
export function escapedForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
