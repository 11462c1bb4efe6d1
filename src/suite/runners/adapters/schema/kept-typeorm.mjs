import { inspect } from "node:util";
import { isReal, renewSchema } from "./kept-schema.mjs";

/** What `dropSchema` and `synchronize` of the options do in `initialize`, one right after the other. */
const dropped = Symbol("dropped");
const initializing = Symbol("initializing");

/**
 * Makes `synchronize(true)` of TypeORM, and `initialize()` with `dropSchema` and `synchronize`, empty the tables where they are as it
 * would make them.
 *
 * @param {Record<string, any>} exports
 */
export function keepTypeorm({ DataSource }) {
  const { initialize, synchronize, dropDatabase } = DataSource?.prototype ?? {};
  if (![initialize, synchronize, dropDatabase].every(isReal)) return;

  DataSource.prototype.initialize = async function (/** @type {unknown[]} */ ...args) {
    this[initializing] = this.options.dropSchema && this.options.synchronize && !this.options.migrationsRun;
    try {
      const initialized = await initialize.apply(this, args);
      // Nothing came after it.
      if (this[dropped]) await dropDatabase.call(this);
      return initialized;
    } finally {
      this[initializing] = this[dropped] = false;
    }
  };

  DataSource.prototype.dropDatabase = async function (/** @type {unknown[]} */ ...args) {
    if (this[initializing] && this.synchronize === DataSource.prototype.synchronize) this[dropped] = true;
    else await dropDatabase.apply(this, args);
  };

  DataSource.prototype.synchronize = async function (dropBeforeSync = false) {
    const drops = dropBeforeSync || this[dropped];
    // What is really done is done in one call, as without this module.
    this[initializing] = this[dropped] = false;
    const really = () => synchronize.call(this, drops);
    const isUsual =
      drops === true &&
      this.isInitialized &&
      this.driver.options.type === "postgres" &&
      !this.driver.options.replication &&
      this.dropDatabase === DataSource.prototype.dropDatabase;
    if (!isUsual) return await really();
    const tables = this.entityMetadatas.filter((/** @type {any} */ { tableType }) => tableType !== "entity-child");
    await renewSchema(
      {
        shape: ["typeorm", this.driver.schema ?? null, ...this.entityMetadatas.map(shapeOf)],
        tables: tables.map(nameOf),
        whyNever: whyNever(tables),
        query: (sql) => this.query(sql),
      },
      really,
    );
  };
}

/** @param {any[]} tables */
function whyNever(tables) {
  if (tables.some(({ tableType }) => tableType === "view")) return "views depend on it";
  if (tables.some(({ synchronize }) => synchronize === false)) return "a table of it is not made by synchronize";
  return null;
}

/** @param {any} table */
function nameOf({ schema, tableName }) {
  return [schema, tableName]
    .filter(Boolean)
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join(".");
}

/** Parts of a table that refer to nothing but values and columns' names. @param {any} table */
function shapeOf(table) {
  const columns = table.columns.map((/** @type {any} */ column) => plain(column));
  const groups = [table.indices, table.uniques, table.checks, table.exclusions, table.foreignKeys].map((group) =>
    group.map((/** @type {any} */ one) => [
      plain(one),
      names(one.columns),
      names(one.referencedColumns),
      one.referencedTablePath,
    ]),
  );
  return [nameOf(table), table.comment, columns, groups];
}

/** @param {any} columns */
function names(columns) {
  return (columns ?? []).map((/** @type {any} */ column) => column.databaseName);
}

/** The properties of a part that are values, functions by their text. @param {Record<string, any>} part */
function plain(part) {
  const entries = Object.entries(part).flatMap(([name, value]) => {
    if (typeof value === "function") return [[name, String(value)]];
    const isValue = typeof value !== "object" || value === null || Array.isArray(value) || name === "default";
    if (!isValue || name.toLowerCase().includes("columns")) return [];
    return [[name, inspect(value, { depth: 1, maxArrayLength: null, maxStringLength: null, breakLength: Infinity })]];
  });
  return entries.sort(([left = ""], [right = ""]) => (left < right ? -1 : 1));
}
