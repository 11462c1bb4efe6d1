/** The numbers behind options of a benchmark; throws an Error that names the options where one is no whole number above zero. */
export function wholeNumbers<Name extends string>(values: Readonly<Record<Name, string>>): Record<Name, number> {
  const entries = Object.entries<string>(values).map(([name, text]) => [name, Number(text)] as const);
  if (entries.every(([, value]) => Number.isInteger(value) && value > 0)) {
    return Object.fromEntries(entries) as Record<Name, number>;
  }
  const names = entries.map(([name]) => `--${name}`);
  throw new Error(`${names.slice(0, -1).join(", ")} and ${names.at(-1)} take whole numbers above zero.`);
}
