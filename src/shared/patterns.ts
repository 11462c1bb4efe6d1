/** Escapes a text for a regular expression, including slashes. */
export function escapedForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Escapes a path for a glob, for names such as `app/(shop)/[id]`. */
export function globOf(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|$^]/g, "\\$&");
}
