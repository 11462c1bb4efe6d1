const assignment = /(^|[\s;&|])NODE_OPTIONS=("[^"]*"|'[^']*'|[^\s;&|]*)/g;

/**
 * A shell command whose own NODE_OPTIONS are appended to the environment's instead of replacing them, so that our
 * preload still reaches the runner.
 */
export function keepingNodeOptions(command: string): string {
  return command.replace(assignment, (_whole, before: string, value: string) => {
    const own = value.replace(/^(["'])(.*)\1$/, "$2");
    // A single-quoted value is literal.
    const literal = value.startsWith("'") ? own.replace(/["\\$`]/g, "\\$&") : own;
    return `${before}NODE_OPTIONS="${literal} $NODE_OPTIONS"`;
  });
}
