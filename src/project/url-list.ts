/** Several URLs in one variable, as a template for workers. */
export interface UrlList {
  /** The list with placeholders for a worker's address: see `database.variables`. */
  readonly template: string;
  /** The schemes of its Postgres URLs, in order. */
  readonly schemes: readonly string[];
  /** The database of the first one; empty where it names none. */
  readonly database: string;
  /** The schemes of other URLs, which are dropped: they get no database. */
  readonly others: readonly string[];
}

const url =
  /\b([a-z][a-z0-9]*(?:\+[a-z0-9]+)?):\/\/(?:[^\s"'`@,;|]*@)?[^\s"'`/,;|\]]*(?:\/([^\s"'`?#)\],;|]*)[^\s"'`,;|\]]*)?/g;
/** Separators between URLs of a list. */
const separator = /^[\s,;|"'`\\]+$/;

/**
 * Parses a list of URLs at the start of a text, separated by commas, semicolons, bars, blanks or line ends, or as JSON.
 * Null where there are fewer than two URLs, other separators, or none of Postgres.
 */
export function urlListIn(text: string): UrlList | null {
  const all = [...text.matchAll(url)];
  const between = (index: number): string => {
    const before = all[index - 1];
    return before === undefined ? "" : text.slice(before.index + before[0].length, all[index]?.index);
  };
  const end = all.findIndex((_, index) => index > 0 && !separator.test(between(index)));
  const list = end === -1 ? all : all.slice(0, end);
  const found = list.map(([, scheme = "", database = ""]) => ({ scheme, database }));
  const ours = found.filter(({ scheme }) => /^postgres/.test(scheme));
  const [first] = ours;
  if (list.length < 2 || first === undefined) return null;
  const urls = ours.map(({ scheme }) => `${scheme}://{user}:{password}@{host}:{port}/{name}`);
  const isJson = /\[\s*\\?"$/.test(text.slice(0, list[0]?.index));
  const sign = /[,;|]/.exec(between(1))?.[0] ?? " ";
  return {
    template: isJson ? JSON.stringify(urls) : urls.join(sign),
    schemes: ours.map(({ scheme }) => scheme),
    database: first.database,
    others: [...new Set(found.map(({ scheme }) => scheme).filter((scheme) => !/^postgres/.test(scheme)))],
  };
}
