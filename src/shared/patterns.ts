/** A text as a regular expression that matches it alone, a slash too where one delimits it. */
export function escapedForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** A path as a glob that matches it alone, though it holds what a glob gives a meaning to, such as `app/(shop)/[id]`. */
export function globOf(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|]/g, "\\$&");
}
