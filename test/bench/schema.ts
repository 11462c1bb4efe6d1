/** What the template of the benchmark holds: tables as an application has them, each with keys, a sequence and indexes. */
export function schemaStatements(tables: number): string {
  return Array.from({ length: tables }, (_, index) => tableStatements(index)).join("\n");
}

function tableStatements(index: number): string {
  const parent = index === 0 ? "" : `parent_id bigint REFERENCES table_${index - 1},`;
  return `CREATE TABLE table_${index} (
      id bigserial PRIMARY KEY, ${parent} name text NOT NULL UNIQUE, amount numeric(12, 2) NOT NULL DEFAULT 0,
      note text, made_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON table_${index} (made_at, amount);`;
}

/** What a small suite leaves in a database: some rows in each table, read back by each index. */
export function loadStatements(tables: number): string {
  return Array.from(
    { length: tables },
    (_, index) => `INSERT INTO table_${index} (name, amount) SELECT 'name ' || n, n FROM generate_series(1, 200) AS n;
      UPDATE table_${index} SET note = repeat(name, 4) WHERE id % 2 = 0;
      SELECT sum(amount) FROM table_${index} WHERE name > 'name 5' OR made_at > now() - interval '1 day';`,
  ).join("\n");
}
