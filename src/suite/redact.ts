/** Takes the secrets out of a text. */
export type Redact = (text: string) => string;

/** Shorter passwords are only taken out of URLs: replacing every "a" would leave no text to read. */
const shortestBareSecret = 4;

/** Gives a function that puts `***` in place of every secret, and of every password in a URL that is one of them. */
export function redactor(secrets: readonly string[]): Redact {
  const longestFirst = [...new Set(secrets)].filter(Boolean).sort((left, right) => right.length - left.length);
  const patterns = longestFirst.map((secret) =>
    secret.length >= shortestBareSecret ? escapePattern(secret) : `(?<=:)${escapePattern(secret)}(?=@)`,
  );
  if (patterns.length === 0) return (text) => text;
  const pattern = new RegExp(patterns.join("|"), "g");
  return (text) => text.replace(pattern, "***");
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
