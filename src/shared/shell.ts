/** A word as a POSIX shell, and Python's shlex, read it back. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command with more arguments at its end. */
export function withArguments(command: string, args: readonly string[]): string {
  return [command.trim(), ...args.map(quote)].join(" ");
}
