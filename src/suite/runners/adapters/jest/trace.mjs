// Loaded into every process and thread of jest with `node --import`, where what each test file rests on is traced. Test files of
// one process follow each other: what is seen while the runtime of one is there is its own. tracing.mjs joins it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { onModule } from "../module-hook.mjs";
import { nowTraced } from "../tracing/databases.mjs";
import { traceProcess } from "../tracing/process-trace.mjs";
import { withoutTracing } from "../worker-environment.mjs";
import { JestTrace } from "./process-trace.mjs";

/**
 * @typedef {{ cacheDirectory: string, moduleNameMapper?: [string, string | string[]][] }} Config of a project
 * @typedef {(file: string, ...more: unknown[]) => any} Transform
 */

const { VERIFY_TRACE: directory = "" } = process.env;
const [, program = ""] = process.argv;
const isWorker = /\/jest-worker\/build\/(?:workers\/)?(?:process|thread)Child\.js$/.test(program);
const isCoordinator = /\/jest(?:\.js)?$/.test(program);

if (directory !== "" && (isWorker || isCoordinator)) {
  const own = trace();
  if (isCoordinator) (await import("./tracing.mjs")).beginTracing(directory, own);
}

function trace() {
  const own = new JestTrace(isWorker);
  const databases = Object.values(JSON.parse(process.env.VERIFY_WORKER_ENVIRONMENTS ?? "{}")).concat(process.env);
  nowTraced(own.databases);
  traceProcess(own, databases, [process.env.VERIFY_PROGRESS ?? ""]);
  onModule("jest-resolve", ({ default: Resolver }) => watchNames(own, Resolver?.prototype ?? {}));
  onModule("jest-runtime", (exports) => {
    if (typeof exports.default === "function") exports.default = runtimeOf(own, exports.default);
  });
  if (isWorker) withoutTracing(process.env);
  return own;
}

/** jest's runtime, of which each test file has one, but for what begins and ends with it. @param {JestTrace} own @param {any} Plain */
function runtimeOf(own, Plain) {
  const Traced = class extends Plain {
    /** @param {unknown[]} args */
    constructor(...args) {
      begin(own, args);
      super(...args);
    }

    /** @param {unknown[]} args */
    teardown(...args) {
      try {
        return super.teardown(...args);
      } finally {
        end(own);
      }
    }
  };
  Object.defineProperty(Traced, "name", { value: Plain.name });
  return Traced;
}

/** @param {JestTrace} own @param {any[]} args as of jest's runtime */
function begin(own, [config, , , transformer, , , path]) {
  const methods = ["transform", "transformAsync", "transformJson"];
  if (
    typeof path !== "string" ||
    typeof config?.cacheDirectory !== "string" ||
    methods.some((name) => typeof transformer?.[name] !== "function")
  ) {
    own.everyone.why ??= "this version of jest does not tell what each test file loads";
    return;
  }
  const file = own.begin(path, config.cacheDirectory);
  file.mapped = mappedIn(config);
  for (const name of methods) {
    const plain = /** @type {Transform} */ (transformer[name]);
    transformer[name] = function (/** @type {string} */ loaded, /** @type {unknown[]} */ ...more) {
      file.files.add(loaded);
      return plain.call(this, loaded, ...more);
    };
  }
}

/** @param {Config} config @returns {[RegExp, string[]][]} */
function mappedIn({ moduleNameMapper }) {
  return (moduleNameMapper ?? []).map(([pattern, targets]) => [new RegExp(pattern), [targets].flat()]);
}

let told = 0;

/** @param {JestTrace} own */
function end(own) {
  const found = own.end();
  if (found === null) return;
  told += 1;
  writeFileSync(join(directory, `trace-${process.pid}-${threadId}-${told}.json`), JSON.stringify(found));
}

/** Has the names that modules are asked for by noted. @param {JestTrace} own @param {Record<string, any>} prototype of jest's resolver */
function watchNames(own, prototype) {
  const asks = /^(?:resolve|get)\w*(?:Module|Package)(?:ID|Name|Path|FromDirIfExists)?(?:Async)?$/;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const plain = prototype[name];
    if (typeof plain !== "function" || !asks.test(name)) continue;
    prototype[name] = function (/** @type {unknown[]} */ ...args) {
      const { file } = own;
      const texts = args.slice(0, 3).filter((arg) => typeof arg === "string");
      const asked = texts.at(-1);
      if (file === null || asked === undefined) return Reflect.apply(plain, this, args);
      const [from = ""] = texts;
      // Within packages, names of their own files lead to no file of the project.
      if (!(/^\./.test(asked) && from.includes("/node_modules/"))) file.ask(asked);
      const missed = () => {
        // A package asks for another that is not installed: its name says which file would be it.
        if (!(from.includes("/node_modules/") && /^[^./]/.test(asked))) file.hasMissed = true;
      };
      const found = (/** @type {unknown} */ path) => {
        // Ids of modules have paths between colons.
        if (typeof path === "string") for (const one of path.split(":")) file.found.add(one);
        const isModule = typeof path === "string" && /^resolveModule(?:Async)?$/.test(name);
        if (isModule && !file.importers.has(path)) file.importers.set(path, from);
        return path;
      };
      try {
        const result = Reflect.apply(plain, this, args);
        if (typeof result?.then !== "function") return found(result);
        return result.then(found, (/** @type {unknown} */ error) => {
          missed();
          throw error;
        });
      } catch (error) {
        missed();
        throw error;
      }
    };
  }
}
