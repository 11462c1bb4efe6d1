// For preloads that come after the one that traces a process: what they lease may be connected to.
const ofProcess = Symbol.for("pushproof.traced-databases");

/** Says which databases the trace of this process knows. @param {Record<string, string | undefined>[]} databases */
export function nowTraced(databases) {
  /** @type {any} */ (globalThis)[ofProcess] = databases;
}

/** Allows connections to a database that was leased, where this process is traced. @param {Record<string, string | undefined>} environment */
export function allowDatabase(environment) {
  /** @type {any} */ (globalThis)[ofProcess]?.push(environment);
}
