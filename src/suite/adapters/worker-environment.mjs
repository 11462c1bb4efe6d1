/**
 * An environment that becomes the worker's own at the moment the runner says which worker it is.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {{
 *   environments: Record<string, Record<string, string>>,
 *   preload: string,
 *   onRun: (worker: string) => void,
 * }} options `environments` by worker id; `preload` is the URL that NODE_OPTIONS loads, taken out for what a test
 *   starts by itself; `onRun` is called each time the worker begins to run files.
 * @returns {NodeJS.ProcessEnv}
 */
export function workerEnvironment(environment, { environments, preload, onRun }) {
  let worker = "";
  return new Proxy(environment, {
    set(target, name, value) {
      Reflect.set(target, name, value);
      if (name === "VITEST_POOL_ID") worker = become(target, `gw${Number(value) - 1}`);
      if (name === "VITEST_WORKER_ID" && worker) onRun(worker);
      return true;
    },
    // Node answers a definition without all its flags with an error; a plain set means the same.
    defineProperty(target, name, descriptor) {
      return Reflect.set(target, name, descriptor.value);
    },
  });

  /**
   * @param {NodeJS.ProcessEnv} target
   * @param {string} id
   */
  function become(target, id) {
    const own = environments[id];
    if (!own) throw new Error(`pushproof prepared no database for worker ${id}: does the suite set maxWorkers itself?`);
    Object.assign(target, own);
    // What a test starts must not find the other workers' databases, nor be taken for a worker.
    delete target.VERIFY_WORKER_ENVIRONMENTS;
    const rest = (target.NODE_OPTIONS ?? "").replace(`--import ${preload}`, "").trim();
    if (rest) target.NODE_OPTIONS = rest;
    else delete target.NODE_OPTIONS;
    return id;
  }
}
