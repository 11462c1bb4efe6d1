import { plural } from "../shared/text.ts";

/** How the schema of a suite's databases was kept between tests. */
export interface SchemaUse {
  /** How often only the rows went. */
  readonly kept: number;
  /** How often the schema was really made. */
  readonly made: number;
  /** Why it was not kept but really dropped, or not to be kept once it was made: a phrase each, and how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Why it could not be kept at all, a phrase; null where it could. */
  readonly off: string | null;
}

/** The use by several processes together; null where none kept a schema or tried to. */
export function sumOfUses(uses: readonly (SchemaUse | null)[]): SchemaUse | null {
  const known = uses.filter((use) => use !== null);
  if (known.length === 0) return null;
  const reasons = new Map<string, number>();
  for (const [reason, times] of known.flatMap((use) => Object.entries(use.reasons))) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + times);
  }
  return {
    kept: known.reduce((sum, { kept }) => sum + kept, 0),
    made: known.reduce((sum, { made }) => sum + made, 0),
    reasons: Object.fromEntries(reasons),
    off: known.find(({ off }) => off !== null)?.off ?? null,
  };
}

/** "schema made once, emptied 71 times", with why it was not kept; null where nothing made one. */
export function schemaUseText({ kept, made, reasons, off }: SchemaUse): string | null {
  if (off !== null) return `schema not kept: ${off}`;
  if (kept + made === 0) return null;
  const why = reasonsOf({ reasons }).map(([reason, count]) => `${reason} (${times(count)})`);
  const used = `schema made ${times(made)}, emptied ${times(kept)}`;
  return why.length === 0 ? used : `${used}; not kept as ${why.join(", as ")}`;
}

/** A suite, and whether its schema was to be kept. */
interface KeepingSuite {
  readonly name: string;
  readonly keepsSchema: boolean;
  readonly schema?: SchemaUse;
}

/** Where `database.schema` could not be followed or had no effect, one sentence each. */
export function schemaNotes(suites: readonly KeepingSuite[]): string[] {
  const off = suites.flatMap(({ name, schema }) => {
    const why = schema && (schema.off ?? (schema.kept === 0 ? reasonsOf(schema)[0]?.[0] : undefined));
    return why === undefined ? [] : [`The schema was not kept in ${name}, but made for every test: ${why}.`];
  });
  const keeping = suites.filter(({ keepsSchema }) => keepsSchema);
  const isUsed = keeping.some(({ schema }) => schema !== undefined && (schema.made > 0 || schema.off !== null));
  if (keeping.length === 0 || isUsed) return off;
  return [
    `"schema": "reset" in "database" had no effect: no test of ${keeping.map(({ name }) => name).join(", ")} made tables by create_all of SQLAlchemy, sync of Sequelize or synchronize of TypeORM.`,
  ];
}

/** "schema kept, emptied 790 times, not kept 2 times": for a table; null where the schema was not kept. */
export function schemaUseInShort(uses: readonly SchemaUse[]): string | null {
  const sum = sumOfUses(uses);
  if (sum === null || sum.kept === 0) return null;
  const count = Object.values(sum.reasons).reduce((total, times) => total + times, 0);
  const mostly = reasonsOf(sum)[0]?.[0];
  const often = count === 0 ? "" : `, not kept ${times(count)}, mostly as ${mostly}`;
  return `schema kept, emptied ${times(sum.kept)}${often}`;
}

/** The reasons for not keeping a schema, the most frequent first. */
function reasonsOf({ reasons }: Pick<SchemaUse, "reasons">): [string, number][] {
  return Object.entries(reasons).sort(([, left], [, right]) => right - left);
}

function times(count: number): string {
  return count === 1 ? "once" : plural(count, "time");
}
