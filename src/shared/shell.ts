/** Quotes a word for POSIX shells and Python's shlex. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command with arguments appended. */
export function withArguments(command: string, args: readonly string[]): string {
  return [command.trim(), ...args.map(quote)].join(" ");
}
