import { inspect } from "node:util";
import { isReal, renewSchema } from "./kept-schema.mjs";

/** Options of sync that change nothing of what is made. */
const harmless = new Set(["force", "logging", "benchmark", "hooks"]);
const hooks = ["beforeBulkSync", "afterBulkSync", "beforeSync", "afterSync"];

/**
 * Makes `sync({ force: true })` of Sequelize 6 empty the tables where they are as it would make them.
 *
 * @param {Record<string, any>} exports
 */
export function keepSequelize({ Sequelize, Model }) {
  const { sync, drop } = Sequelize?.prototype ?? {};
  if (![sync, drop, Model?.sync].every(isReal)) return;
  const own = { sync: Model.sync, drop: Model.drop };

  Sequelize.prototype.sync = async function (/** @type {any} */ options) {
    const really = () => sync.call(this, options);
    const all = { ...this.options.sync, ...options };
    const models = Object.values(this.models);
    const isUsual =
      this.getDialect() === "postgres" &&
      all.force === true &&
      Object.keys(all).every((name) => harmless.has(name)) &&
      this.drop === drop &&
      this.constructor._cls === undefined &&
      !this.options.replication &&
      models.length > 0 &&
      models.every((model) => model.sync === own.sync && model.drop === own.drop);
    if (!isUsual) return await really();
    const hook = hooks.find((name) => this.hasHook(name) || models.some((model) => model.hasHook(name)));
    const generator = this.getQueryInterface().queryGenerator;
    await renewSchema(
      {
        shape: ["sequelize", ...models.map((model) => shapeOf(model, generator))],
        tables: models.map((model) => generator.quoteTable(model.getTableName())),
        whyNever: hook === undefined ? null : `the project listens to ${hook}`,
        query: async (sql) => {
          const [rows] = await this.query(sql, { logging: false, raw: true });
          return rows;
        },
      },
      really,
    );
    return this;
  };
}

/**
 * @param {any} model
 * @param {any} generator
 */
function shapeOf(model, generator) {
  const { comment, uniqueKeys } = model.options;
  const columns = generator.attributesToSQL(model.tableAttributes, {
    context: "createTable",
    table: model.getTableName(),
  });
  const rest = { depth: Infinity, maxArrayLength: null, maxStringLength: null, breakLength: Infinity };
  return [
    generator.quoteTable(model.getTableName()),
    columns,
    inspect([model._indexes, comment, uniqueKeys, model.uniqueKeys], rest),
  ];
}
