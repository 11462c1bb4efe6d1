// What vitest's globalSetup loads in the coordinating process, for all test files: see tracing.mjs.
import inspector from "node:inspector";
import { fileURLToPath } from "node:url";
import { isOwn } from "../tracing/process-trace.mjs";

/** @typedef {import("../tracing/process-trace.mjs").Trace} Trace */

/** Whether a project has something set up before its tests. @param {any} project */
export function hasSetup({ config }) {
  return [config.globalSetup ?? []].flat().length > 0;
}

/** What is loaded from now on by vite's runners, or past them. */
export class SetupModules {
  #runners;
  #trace;
  #session = new inspector.Session();

  /** @param {any} vitest @param {Trace} trace */
  constructor(vitest, trace) {
    this.#trace = trace;
    this.#runners = new Set([vitest, ...vitest.projects].map(({ runner }) => runner));
    for (const { transport } of this.#runners) {
      const invoke = transport.invoke.bind(transport);
      transport.invoke = async (/** @type {unknown[]} */ ...args) => {
        try {
          return await invoke(...args);
        } catch (error) {
          trace.hasMissed = true;
          throw error;
        }
      };
    }
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: false });
  }

  /**
   * The absolute files of the checkout that were loaded, and why that is not all, a clause; null where it is.
   *
   * @param {string} checkout
   * @returns {{ files: string[], why: string | null }}
   */
  found(checkout) {
    /** @type {Set<string>} */
    const files = new Set();
    for (const { evaluatedModules } of this.#runners) {
      for (const { file, meta } of evaluatedModules.idToModuleMap.values()) {
        if (typeof file === "string" && meta?.externalize === undefined && isOwn(file, checkout)) files.add(file);
      }
    }
    // What `require` loads is read where that is seen.
    const past = this.#scripts().find(
      (path) => isOwn(path, checkout) && !files.has(path) && !this.#trace.reads.has(path),
    );
    const why = past === undefined ? this.#trace.always : `loads ${past.slice(checkout.length + 1)} past vite`;
    return { files: [...files], why: why === null ? null : `its globalSetup ${why}` };
  }

  /** The absolute files of the scripts that ran. */
  #scripts() {
    /** @type {string[]} */
    const paths = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, found) => {
      if (error) throw error;
      for (const { url } of found.result) {
        if (url.startsWith("file:")) paths.push(fileURLToPath(url));
        else if (url.startsWith("/")) paths.push(url);
      }
    });
    this.#session.disconnect();
    return paths;
  }
}
