/** Quotes a word for POSIX shells and Python's shlex. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command with arguments appended. */
export function withArguments(command: string, args: readonly string[]): string {
  return [command.trim(), ...args.map(quote)].join(" ");
}

const assignment = /(^|[\s;&|])NODE_OPTIONS=("[^"]*"|'[^']*'|[^\s;&|]*)/g;

/**
 * A shell command whose own NODE_OPTIONS stand beside those of the environment, where it would put them in their place:
 * what comes through them would never reach the runner.
 */
export function keepingNodeOptions(command: string): string {
  return command.replace(assignment, (_whole, before: string, value: string) => {
    const own = value.replace(/^(["'])(.*)\1$/, "$2");
    // A single-quoted value is to be taken as it stands.
    const literal = value.startsWith("'") ? own.replace(/["\\$`]/g, "\\$&") : own;
    return `${before}NODE_OPTIONS="${literal} $NODE_OPTIONS"`;
  });
}
