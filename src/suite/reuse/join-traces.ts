/** What pushproof_record.py writes of a run, by context, file or path. */
export interface Trace {
  readonly why: string | null;
  readonly differences: readonly string[];
  readonly python: string;
  readonly hasArcs: boolean;
  readonly edges: Lists;
  readonly names: Lists;
  readonly reads: Lists;
  readonly uses: Lists;
  readonly measured: readonly string[];
  readonly coverage: Readonly<Record<string, Readonly<Record<string, readonly Pair[]>>>>;
  readonly ran: Readonly<Record<string, Readonly<Record<string, readonly string[] | null>>>>;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly states: Readonly<Record<string, string>>;
  readonly always: Readonly<Record<string, string>>;
  readonly collected: Readonly<Record<string, number>>;
  readonly conftests: readonly string[];
  readonly asksForWorker: boolean;
  /** Files of libraries that do not ask which worker they run in: nobody needs to look again. */
  readonly silent: readonly string[];
}

type Lists = Readonly<Record<string, readonly string[]>>;
/** An arc, or a line. */
type Pair = readonly [number, number] | number;

/**
 * One trace of what several machines traced of the same files, as of one run with more workers; or why there is none, a clause:
 * what they read was not the same everywhere.
 */
export function joinTraces(traces: readonly Trace[]): Trace | { readonly why: string } {
  const [first] = traces;
  if (first === undefined) return { why: "nothing was traced" };
  for (const { why, differences, python, hasArcs } of traces) {
    if (why !== null) return { why };
    if (differences.length > 0) return { why: differences[0] ?? "" };
    if (python !== first.python) return { why: "they ran different versions of Python" };
    if (hasArcs !== first.hasArcs) return { why: "branches were measured on some of them only" };
  }
  const states = sameOrNull(traces.map((trace) => trace.states));
  const facts = sameOrNull(traces.map((trace) => trace.facts));
  if (states === null || facts === null) return { why: "what its tests read was not the same on all of them" };
  return {
    ...{ why: null, differences: [], python: first.python, hasArcs: first.hasArcs },
    edges: joinedLists(traces.map(({ edges }) => edges)),
    names: joinedLists(traces.map(({ names }) => names)),
    reads: joinedLists(traces.map(({ reads }) => reads)),
    uses: joinedLists(traces.map(({ uses }) => uses)),
    measured: joined(traces.map(({ measured }) => measured)),
    coverage: byContext(
      traces.map(({ coverage }) => coverage),
      (pairs) => joinedPairs(pairs),
    ),
    // Where one of them cannot tell which functions ran, the whole file counts.
    ran: byContext(
      traces.map(({ ran }) => ran),
      (names) => (names.includes(null) ? null : joined(names.filter((own) => own !== null))),
    ),
    facts,
    states,
    always: Object.assign({}, ...traces.toReversed().map(({ always }) => always)),
    collected: summed(traces.map(({ collected }) => collected)),
    conftests: joined(traces.map(({ conftests }) => conftests)),
    asksForWorker: traces.some(({ asksForWorker }) => asksForWorker),
    // Libraries lie elsewhere on each machine.
    silent: [],
  };
}

/** All entries of some tables; null where two of them have different values for one. */
function sameOrNull<Value>(tables: readonly Readonly<Record<string, Value>>[]): Record<string, Value> | null {
  const all = new Map<string, Value>();
  const texts = new Map<string, string>();
  for (const [key, value] of tables.flatMap((table) => Object.entries(table))) {
    const text = JSON.stringify(value);
    if ((texts.get(key) ?? text) !== text) return null;
    texts.set(key, text);
    all.set(key, value);
  }
  return Object.fromEntries(all);
}

function joined(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}

function joinedPairs(lists: readonly (readonly Pair[])[]): Pair[] {
  return [...new Map(lists.flat().map((pair) => [String(pair), pair])).values()];
}

function joinedLists(tables: readonly Lists[]): Record<string, string[]> {
  return mergedBy(tables, (lists) => joined(lists));
}

function byContext<Value>(
  tables: readonly Readonly<Record<string, Readonly<Record<string, Value>>>>[],
  join: (values: readonly Value[]) => Value,
): Record<string, Record<string, Value>> {
  return mergedBy(tables, (files) => mergedBy(files, join));
}

function summed(tables: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  return mergedBy(tables, (counts) => counts.reduce((sum, count) => sum + count, 0));
}

/** The tables' values under each key, joined. */
function mergedBy<Value, Joined>(
  tables: readonly Readonly<Record<string, Value>>[],
  join: (values: readonly Value[]) => Joined,
): Record<string, Joined> {
  const values = new Map<string, Value[]>();
  for (const [key, value] of tables.flatMap((table) => Object.entries(table))) {
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return Object.fromEntries([...values].map(([key, all]) => [key, join(all)]));
}
