/** Several URLs in one variable, as what the variable is to hold for each worker. */
export interface UrlList {
  /** The list again, with the parts of a worker's address in braces: see `database.variables`. */
  readonly template: string;
  /** The schemes of those that lead to Postgres, in the list's order. */
  readonly schemes: readonly string[];
  /** The database that the first of them names; empty where it names none. */
  readonly database: string;
  /** The schemes of the others, which are left out: no database is made for them. */
  readonly others: readonly string[];
}

const url =
  /\b([a-z][a-z0-9]*(?:\+[a-z0-9]+)?):\/\/(?:[^\s"'`@,;|]*@)?[^\s"'`/,;|\]]*(?:\/([^\s"'`?#)\],;|]*)[^\s"'`,;|\]]*)?/g;
/** What may stand between two URLs of one list. */
const separator = /^[\s,;|"'`\\]+$/;

/**
 * The list of URLs that a text begins with, beside what does not look like one: by commas, semicolons, bars, blanks or lines, or
 * as JSON. Null where it holds no two URLs that only such signs keep apart, or none of Postgres's.
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
