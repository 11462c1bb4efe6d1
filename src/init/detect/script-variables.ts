const assignment = /(?<=^|[\s;&|])([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;&|]*)(?:\s+|$)/g;
const databaseName =
  /^(PG(HOST|PORT|USER|PASSWORD|DATABASE)|(\w+_)?(DATABASE|DB|POSTGRES|PG|SQLALCHEMY)_(\w+_)?(UR[LI]S?|DSN|HOST(NAME)?|SERVER|PORT|USER(NAME)?|PASS(WORD)?|NAME|DATABASE|DB))$/i;

/**
 * Removes variables that lead a command to a fixed database, as each worker gets its own; also returns their names.
 * `known` are such variables with other names.
 */
export function withoutDatabaseVariables(
  command: string,
  known: readonly string[] = [],
): {
  readonly text: string;
  readonly dropped: readonly string[];
} {
  const dropped: string[] = [];
  const text = command.replace(assignment, (whole, name: string, value: string) => {
    const isPostgres = /^["']?postgres(ql)?(\+\w+)?:\/\//.test(value);
    const isOther = !isPostgres && /^["']?[a-z][\w+.-]*:/i.test(value);
    const isDatabase = isPostgres || ((known.includes(name) || databaseName.test(name)) && !isOther);
    if (!isDatabase) return whole;
    dropped.push(name);
    return "";
  });
  // cross-env without variables does nothing.
  return { text: text.replace(/(^|&&\s*)cross-env\s+(?!\w+=)/g, "$1"), dropped };
}

/** A note about dropped variables; none without any. */
export function droppedNotes(dropped: readonly string[]): string[] {
  if (dropped.length === 0) return [];
  return [`without ${dropped.join(", ")}, as each worker has a database of its own`];
}
