// Keeps the schema of a suite that makes all of it anew by one call before every test: only the rows go. What is kept lies in
// the database itself (pushproof_schema.sql). Whatever is not certain is really dropped and really made.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";

/**
 * @typedef {{
 *   shape: unknown, tables: string[], whyNever: string | null,
 *   query: (sql: string) => Promise<Record<string, any>[]>,
 * }} Schema `shape` is all that decides what is made; `tables` are quoted names; `query` runs SQL without parameters, which
 *   may be several statements.
 */

const { VERIFY_PROGRESS: socketPath } = process.env;
const script = new URL("pushproof_schema.sql", import.meta.url);
/** How long to wait for a connection that uses the tables; a drop would wait for ever. */
const patience = "10s";
const lockNotAvailable = "55P03";
const notAllowed = "42501";

/** Null where nothing is installed, and false for a role that may not empty the tables. */
const whereItIs = `SELECT (SELECT rolname = current_user OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  FROM pg_namespace JOIN pg_roles r ON r.oid = nspowner WHERE nspname = 'pushproof') AS "isOurs"`;

/** Why nothing is kept in this process, a phrase. @type {string | null} */
let off = null;

/**
 * Empties the tables if they are as this schema's were made, else makes them, and keeps them from then on.
 *
 * @param {Schema} schema
 * @param {() => Promise<unknown>} really drops and makes all of it
 */
export async function renewSchema(schema, really) {
  if (off !== null) return void (await really());
  const name = createHash("sha256").update(JSON.stringify(schema.shape)).digest("hex");
  const whyUnseen = schema.whyNever ?? (await install(schema));
  const why =
    whyUnseen === null
      ? await ask(schema, `pushproof.renew(${literal(name)}, '${patience}')`).catch(renamed)
      : "unknown";
  if (why === null) return tell({ kept: 1 });
  await really();
  const tables = literal(JSON.stringify(schema.tables));
  const whyNot = whyUnseen ?? (await ask(schema, `pushproof.keep_all(${literal(name)}, ${tables})`));
  const reasons = [why, whyNot].filter((one) => one !== null && one !== "unknown");
  tell({ made: 1, reasons: Object.fromEntries(reasons.map((one) => [one, 1])) });
}

/**
 * Puts into the database what is needed to see changes. Gives why that cannot be, else null.
 *
 * @param {Schema} schema
 */
async function install({ query }) {
  const [found] = await query(whereItIs);
  if (found?.isOurs === true) return null;
  if (found?.isOurs === false) return "another role made the tables first";
  try {
    await query(readFileSync(script, "utf8").replaceAll("--;\n", ";\n"));
    return null;
  } catch (error) {
    const what =
      codeOf(error) === notAllowed ? "this role may not create event triggers" : "event triggers could not be created";
    off = `${what} (${/** @type {Error} */ (error).message.split("\n")[0]})`;
    tell({ off });
    return off;
  }
}

/**
 * @param {Schema} schema
 * @param {string} call
 * @returns {Promise<string | null>}
 */
async function ask({ query }, call) {
  const [row] = await query(`SELECT ${call} AS why`);
  return row?.why ?? null;
}

/**
 * Whether it is a function, and not what jest puts in its place.
 *
 * @param {any} one
 */
export function isReal(one) {
  return typeof one === "function" && one._isMockFunction !== true;
}

/** @param {any} error @returns {never} */
function renamed(error) {
  if (codeOf(error) !== lockNotAvailable) throw error;
  throw new Error(
    `The tables could not be made anew: for ${patience} a connection has used them and not ended its transaction.`,
    { cause: error },
  );
}

/** @param {any} error */
function codeOf(error) {
  return error?.code ?? error?.original?.code ?? error?.driverError?.code;
}

/** @param {string} text */
function literal(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/** @type {import("node:net").Socket | undefined} */
let socket;

/** @param {{ kept?: number, made?: number, reasons?: Record<string, number>, off?: string | null }} use */
function tell(use) {
  if (!socketPath) return;
  if (!socket) {
    socket = createConnection(socketPath);
    socket.on("error", () => {});
    socket.unref();
  }
  socket.write(`${JSON.stringify({ type: "schema", kept: 0, made: 0, reasons: {}, off: null, ...use })}\n`);
}
