// Random sequences of tests that make their whole schema anew before each test by one call, as suites on Sequelize and TypeORM do.
//
// Called as `renewals.mjs KIND MODE FIRST LAST`, KIND being sequelize or typeorm: runs the sequences of those seeds on the database of URL, with
// the schema kept (MODE `kept`) or not (`real`), and prints a JSON line for each: what every step gave, and a dump of schema and
// rows after each call. Both modes must print the same. With `kept`, VERIFY_PROGRESS is told how often the schema was kept.
import { createRequire } from "node:module";
import pg from "pg";

const [, , kind, mode, first, last] = process.argv;
const url = process.env.URL;
if (mode === "kept") await import(process.env.PRELOAD);
const require = createRequire(import.meta.url);
const client = new pg.Client({ connectionString: url });
await client.connect();

function random(seed) {
  let state = seed * 2654435761 + 1;
  return (count) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % count;
  };
}

async function sequelize(variant) {
  const { Sequelize, DataTypes } = require("sequelize");
  const one = new Sequelize(url, { logging: false, dialect: "postgres" });
  const account = one.define(
    "account",
    {
      name: { type: DataTypes.STRING(variant === "longer" ? 80 : 40), unique: true, comment: "As it is printed" },
      kind: DataTypes.ENUM("asset", "debt"),
      opened: { type: DataTypes.DATE, defaultValue: Sequelize.literal("'2026-01-01'") },
    },
    { timestamps: false, indexes: [{ fields: ["kind"], where: { name: { [require("sequelize").Op.ne]: variant } } }] },
  );
  const entry = one.define(
    "entry",
    { amount: { type: DataTypes.DECIMAL(12, 2), allowNull: false } },
    { timestamps: false },
  );
  entry.belongsTo(account, { onDelete: "CASCADE" });
  account.belongsTo(account, { as: "parent" });
  if (variant === "hooked") one.addHook("afterBulkSync", () => account.create({ name: "seed" }));
  return { make: () => one.sync({ force: true }), end: () => one.close() };
}

async function typeorm(variant) {
  const { DataSource, EntitySchema } = require("typeorm");
  const account = new EntitySchema({
    name: "account",
    tableName: "accounts",
    columns: {
      id: { type: Number, primary: true, generated: true },
      name: { type: String, length: variant === "longer" ? 80 : 40, nullable: true, unique: true },
      kind: { type: "enum", enum: ["asset", "debt"], nullable: true },
      opened: { type: "date", default: () => "'2026-01-01'" },
    },
    indices: [{ columns: ["kind"], where: `name <> '${variant}'` }],
    relations: { parent: { type: "many-to-one", target: "account", nullable: true } },
  });
  const entry = new EntitySchema({
    name: "entry",
    tableName: "entries",
    columns: { id: { type: "uuid", primary: true, generated: "uuid" }, amount: { type: "numeric", nullable: true } },
    relations: {
      account: {
        type: "many-to-one",
        target: "account",
        nullable: true,
        joinColumn: { name: "accountId" },
        onDelete: "CASCADE",
      },
    },
  });
  const dropsFirst = variant === "initialized";
  const options = {
    type: "postgres",
    url,
    entities: [account, entry],
    dropSchema: dropsFirst,
    synchronize: dropsFirst,
  };
  let one = new DataSource(options);
  await one.initialize();
  const again = async () => {
    await one.destroy();
    one = new DataSource(options);
    await one.initialize();
  };
  return { make: dropsFirst ? again : () => one.synchronize(true), end: () => one.destroy() };
}

const rows = [
  "INSERT INTO accounts (name, kind) VALUES ('Cash', 'asset'), ('Bank', 'debt') RETURNING id",
  `INSERT INTO accounts (name, "parentId") SELECT 'child', min(id) FROM accounts RETURNING id`,
  `INSERT INTO entries (amount, "accountId") SELECT 5, id FROM accounts LIMIT 1`,
  "DELETE FROM accounts",
  "TRUNCATE accounts CASCADE",
  "TRUNCATE accounts RESTART IDENTITY CASCADE",
  "SELECT nextval('accounts_id_seq')",
  "SELECT setval('accounts_id_seq', 1000)",
  "ANALYZE",
  "CREATE TEMP TABLE scratch (id serial PRIMARY KEY)",
  "BEGIN; INSERT INTO accounts (name) VALUES ('never'); ROLLBACK",
  "SELECT 1 / 0",
  "INSERT INTO accounts (name) SELECT 'n' || n FROM generate_series(1, 300) AS n; DELETE FROM accounts WHERE id > 50",
];
const changes = [
  "ALTER TABLE accounts ADD COLUMN more int",
  "ALTER TABLE accounts ALTER COLUMN name SET NOT NULL",
  "DROP TABLE entries",
  "ALTER TYPE enum_accounts_kind ADD VALUE 'income'",
  "ALTER TYPE accounts_kind_enum ADD VALUE 'income'",
  "CREATE OR REPLACE VIEW balances AS SELECT name FROM accounts",
  "CREATE TABLE IF NOT EXISTS outside (id int); INSERT INTO outside VALUES (1)",
  "CREATE TABLE IF NOT EXISTS refers (account int REFERENCES accounts)",
  "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "COMMENT ON TABLE accounts IS 'changed'",
  "COMMENT ON COLUMN accounts.name IS NULL",
  "CREATE INDEX ON accounts (opened)",
  "CLUSTER accounts USING accounts_pkey",
  "BEGIN; ALTER TABLE accounts ADD COLUMN gone int; ROLLBACK",
  "CREATE RULE no_delete AS ON DELETE TO entries DO INSTEAD NOTHING",
  "ALTER SEQUENCE accounts_id_seq INCREMENT BY 3",
  "GRANT SELECT ON accounts TO PUBLIC",
  "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
];

const ours = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pushproof') AND n.nspname !~ '^pg_(toast|temp)'";
const questions = [
  `SELECT c.relname, c.relkind, c.relacl::text, obj_description(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`,
  `SELECT c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE ${ours} AND a.attnum > 0`,
  `SELECT c.relname, x.conname, pg_get_constraintdef(x.oid) FROM pg_constraint x JOIN pg_class c ON c.oid = x.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`,
  `SELECT pg_get_indexdef(i.indexrelid), i.indisclustered FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`,
  `SELECT t.typname, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_enum e WHERE e.enumtypid = t.oid)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${ours} AND t.typtype IN ('e', 'd')`,
  `SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${ours}`,
  `SELECT r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`,
  "SELECT sequencename, increment_by, last_value FROM pg_sequences n WHERE schemaname <> 'pushproof'",
];

async function dump() {
  const told = [];
  for (const question of questions) {
    const { rows: found } = await client.query(question);
    told.push(found.map((row) => JSON.stringify(Object.values(row))).sort());
  }
  const names = await client.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND ${ours} ORDER BY 1`,
  );
  for (const { name } of names.rows) {
    // Identifiers that are made at random differ.
    const { rows: found } = await client.query(
      `SELECT ctid::text, (to_jsonb(t) - CASE WHEN '${name}' = 'entries' THEN 'id' ELSE '' END)::text AS row FROM ${name} t`,
    );
    told.push([name, ...found.map(({ ctid, row }) => `${ctid} ${row}`)]);
  }
  return told;
}

async function attempt(work) {
  try {
    return (await work()) ?? null;
  } catch (error) {
    return `fails ${error.code ?? error.original?.code ?? error.message}`;
  }
}

for (let seed = Number(first); seed < Number(last); seed++) {
  const choose = random(seed);
  for (const name of ["public", "pushproof"]) await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  await client.query("CREATE SCHEMA public");
  const variants = ["plain", "plain", "plain", "longer", kind === "sequelize" ? "hooked" : "initialized"];
  let variant = variants[choose(variants.length)];
  const open = kind === "sequelize" ? sequelize : typeorm;
  let one = await open(variant);
  const told = [variant];
  for (let round = 0; round < 5; round++) {
    if (choose(8) === 0) {
      await one.end();
      variant = variants[choose(variants.length)];
      one = await open(variant);
      told.push(variant);
    }
    const made = await attempt(async () => void (await one.make()));
    told.push(["made", made, await dump()]);
    const steps = Array.from({ length: choose(5) }, () => rows[choose(rows.length)]);
    if (choose(10) < 4) steps.splice(choose(steps.length + 1), 0, changes[choose(changes.length)]);
    for (const step of steps) {
      const gave = await attempt(async () => JSON.stringify((await client.query(step)).rows));
      await client.query("ROLLBACK");
      told.push([step, gave?.includes("'") ? gave : gave]);
    }
  }
  await one.end();
  console.log(JSON.stringify([seed, told]));
}
await client.end();
