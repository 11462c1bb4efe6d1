/**
 * An environment that becomes the worker's own when the runner numbers the worker.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {{
 *   environments: Record<string, Record<string, string>>,
 *   preload: string,
 *   onRun: (worker: string) => void,
 * }} options `environments` by worker id; `preload` is the URL in NODE_OPTIONS, removed for child processes of tests;
 * `onRun` is called whenever the worker begins to run files.
 * @returns {NodeJS.ProcessEnv}
 */
export function workerEnvironment(environment, { environments, preload, onRun }) {
  let worker = "";
  return watched(environment, (name, value) => {
    if (name === "VITEST_POOL_ID") worker = become(`gw${Number(value) - 1}`);
    if (name === "VITEST_WORKER_ID" && worker) onRun(worker);
  });

  /** @param {string} id */
  function become(id) {
    const own = environments[id];
    if (!own) throw new Error(`pushproof prepared no database for worker ${id}: does the suite set maxWorkers itself?`);
    settle(environment, own, preload);
    return id;
  }
}

/**
 * An environment that becomes the worker's own when the runner sets a variable to the worker's number, from 1;
 * immediately where it is set already.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {{ variable: string, first?: number, environments: Record<string, Record<string, string>>, preload: string }} options
 *   as of `workerEnvironment`; `first` is the first worker's number.
 * @returns {NodeJS.ProcessEnv}
 */
export function namedEnvironment(environment, { variable, first = 1, environments, preload }) {
  /** @param {string} value */
  const become = (value) => {
    const own = environments[`gw${Number(value) - first}`];
    if (!own)
      throw new Error(
        `pushproof prepared no database for worker ${value}: are more workers started than were asked for?`,
      );
    settle(environment, own, preload);
  };
  const number = environment[variable];
  if (number !== undefined) {
    become(number);
    return environment;
  }
  return watched(environment, (name, value) => {
    if (name === variable) become(value);
  });
}

/**
 * The environment of a process that leased a database for the file it runs.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {{ lease: { worker: string, environment: Record<string, string> }, preload: string, onRun: (worker: string) => void }} options
 *   as of `workerEnvironment`.
 * @returns {NodeJS.ProcessEnv}
 */
export function leasedEnvironment(environment, { lease, preload, onRun }) {
  settle(environment, lease.environment, preload);
  delete environment.VERIFY_LEASES;
  let run = "";
  return watched(environment, (name, value) => {
    if (name !== "VITEST_WORKER_ID") return;
    if (run && value !== run) {
      throw new Error("pushproof gave this process a database for one test file, and vitest runs a second one in it.");
    }
    run = value;
    onRun(lease.worker);
  });
}

/**
 * Gives a process its own database. Child processes must neither see other databases nor be taken for workers.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {Record<string, string>} own
 * @param {string} preload
 */
function settle(environment, own, preload) {
  Object.assign(environment, own);
  delete environment.VERIFY_WORKER_ENVIRONMENTS;
  delete environment.VERIFY_JEST;
  withoutPreload(environment, preload);
  withoutTracing(environment);
}

/** Child processes of tests are not traced. @param {NodeJS.ProcessEnv} environment */
export function withoutTracing(environment) {
  for (const name of ["VERIFY_TRACE", "VERIFY_CHECKOUT", "VERIFY_REUSED"]) delete environment[name];
  const [preload] =
    /(?<=--import )\S*\/adapters\/(?:jest|node|vitest)\/trace\.mjs/.exec(environment.NODE_OPTIONS ?? "") ?? [];
  if (preload !== undefined) withoutPreload(environment, preload);
}

/**
 * Child processes get the user's own environment.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} preload
 */
export function withoutPreload(environment, preload) {
  const rest = (environment.NODE_OPTIONS ?? "").replace(`--import ${preload}`, "").trim();
  if (rest) environment.NODE_OPTIONS = rest;
  else delete environment.NODE_OPTIONS;
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {(name: string, value: string) => void} onSet
 * @returns {NodeJS.ProcessEnv}
 */
function watched(environment, onSet) {
  return new Proxy(environment, {
    set(target, name, value) {
      Reflect.set(target, name, value);
      onSet(String(name), value);
      return true;
    },
    // Node rejects a definition without all flags; a plain assignment is equivalent.
    defineProperty(target, name, descriptor) {
      return Reflect.set(target, name, descriptor.value);
    },
  });
}
