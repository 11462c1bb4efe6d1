/** What Python says where SQLAlchemy loads a driver that is not there. */
const noPsycopg = /\bNo module named 'psycopg'/;

/**
 * Advice where SQLAlchemy opened a URL without a driver's name with psycopg, which is not installed while psycopg2 is; null
 * where `text` does not show it, where `version`, SQLAlchemy's, is null, or where no variable holds such a URL. `variables`
 * are those of `database.variables`.
 */
export function sqlAlchemyDriverHint(
  suite: string,
  version: string | null,
  { text, variables }: { readonly text: string; readonly variables: Readonly<Record<string, string>> },
): string | null {
  const plain = Object.keys(variables).filter((name) => variables[name] === "postgresql");
  if (version === null || plain.length === 0 || !noPsycopg.test(text)) return null;
  const named = { ...variables, ...Object.fromEntries(plain.map((name) => [name, "postgresql+psycopg2"])) };
  const written = Object.entries(named).map(([name, scheme]) => `"${name}": ${JSON.stringify(scheme)}`);
  return `SQLAlchemy ${version} opens a "postgresql" URL with psycopg, which is not installed where ${suite} runs; psycopg2 is: set "variables": { ${written.join(", ")} } in "database".`;
}
