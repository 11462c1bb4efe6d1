// What a process of jest reads, looks for and starts, told apart by who does it: modules of the test file, jest itself, or what
// jest loads outside of test files, such as compilers, environments and resolvers, which all of them share.
import fs from "node:fs";
import Module from "node:module";
import { callers, isWithin, Trace } from "../tracing/process-trace.mjs";
import { checkout } from "../tracing/record.mjs";
import { isOfProject, named, pluginsIn } from "./traceable.mjs";

/** @typedef {"test" | "runner" | "outside" | "unknown"} Origin */

const runner =
  /\/node_modules\/(?:jest|jest-(?:changed-files|circus|cli|config|diff|docblock|each|environment-(?:node|jsdom)|haste-map|jasmine2|leak-detector|matcher-utils|message-util|mock|pnp-resolver|regex-util|resolve|resolve-dependencies|runner|runtime|serializer|snapshot|util|validate|watcher|worker)|@jest\/[\w-]+|babel-jest|expect|source-map-support|fb-watchman)\//;
/** What passes calls on, or is made anew for each test file. */
const between =
  /\/node_modules\/(?:graceful-fs|write-file-atomic|pirates|slash|glob|path-scurry|fdir|jsdom|happy-dom)\//;
const configuring = /\/node_modules\/jest-config\//;
const snapshots = /\/node_modules\/jest-snapshot\//;
const compilers =
  /\/node_modules\/(?:@babel\/[\w-]+|babel-plugin-istanbul|@istanbuljs\/[\w-]+|test-exclude|typescript|ts-jest|@swc\/[\w-]+|sucrase|@sucrase\/[\w-]+|esbuild|esbuild-jest)\//;
/** A compiler that is a process of its own, and sees what it is given. */
const compiler = /\/node_modules\/esbuild\//;

/** What is known of the test file that runs. */
class TestFile {
  /** The files that its runtime loads. */
  files = new Set();
  /** The names by which modules are asked for. @type {Set<string>} */
  names = new Set();
  /** What names led to, whether it was loaded or not. @type {Set<string>} */
  found = new Set();
  /** What names are mapped to: the first of several that is there. @type {[RegExp, string[]][]} */
  mapped = [];
  /** By each module, the one that asked for it first. @type {Map<string, string>} */
  importers = new Map();
  /** Whether a module was asked for that is not there. */
  hasMissed = false;
  #asked = new Set();

  /** @param {string} path @param {string} cache where jest keeps what it compiled */
  constructor(path, cache) {
    this.path = path;
    this.cache = cache;
    this.files.add(path);
  }

  /** A module is asked for. @param {string} name */
  ask(name) {
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    this.names.add(name.replace(/^node:/, ""));
    for (const [pattern, targets] of this.mapped) {
      if (pattern.test(name)) for (const target of targets) this.names.add(target);
    }
  }
}

/** The trace of a process of jest. */
export class JestTrace extends Trace {
  /** What everything rests on: what is loaded outside of test files read and looked for; and why nothing can be told apart, a clause. */
  everyone = { reads: new Set(), looks: new Set(), why: /** @type {string | null} */ (null) };
  /** @type {TestFile | null} */
  file = null;
  /** Modules that report results: nothing rests on what they do. @type {Set<string>} */
  reporters = new Set();
  #isWorker;
  /** What Node itself loaded: the files of the project, and plugins of babel. */
  #loaded = { count: 0, files: /** @type {string[]} */ ([]), plugins: /** @type {string[]} */ ([]) };

  /** @param {boolean} isWorker whether this process runs nothing but tests */
  constructor(isWorker) {
    super(checkout, null);
    this.#isWorker = isWorker;
  }

  /** A test file begins. @param {string} path @param {string} cache */
  begin(path, cache) {
    this.renew();
    this.made(cache);
    this.file = new TestFile(path, cache);
    return this.file;
  }

  /** A test file has ended: what it rests on; null where none had begun. */
  end() {
    const { file, always } = this;
    this.file = null;
    if (file === null) return null;
    return {
      tests: [file.path],
      files: [...file.files],
      whole: [],
      names: [...file.names],
      importers: Object.fromEntries(file.importers),
      reads: [...this.reads].filter((path) => !file.files.has(path)),
      looks: [...this.looks],
      written: [...this.written],
      always,
      hasReadText: false,
      hasMissed: file.hasMissed,
      found: [...file.found].filter(isOfProject),
      everyone: this.shared(),
    };
  }

  /** What all test files of this process share, as far as that is known by now. */
  shared() {
    const { reads, looks, why } = this.everyone;
    const loaded = Object.keys(cache);
    if (this.#loaded.count !== loaded.length) {
      this.#loaded = { count: loaded.length, files: loaded.filter(isOfProject), plugins: pluginsIn(cache) };
    }
    const { files, plugins } = this.#loaded;
    return { files, plugins, reads: [...reads], looks: [...looks], why: this.fault ?? why };
  }

  /** @override @param {string} path @param {Set<string>} into */
  add(path, into) {
    const isLook = into === this.looks;
    const frames = callers();
    if (isListedByCompiler(path, frames)) return;
    const origin = this.#originOf(frames);
    // A compiler looks at what it compiles: that matters to those who load it.
    const isCompiled = this.file?.files.has(path) === true && compilers.test(frames[0] ?? "");
    if (!isCompiled && (origin === "outside" || (origin === "unknown" && this.file !== null))) {
      this.everyone[isLook ? "looks" : "reads"].add(path);
    }
    if (this.file === null) {
      if (configuring.test(frames[0] ?? "")) this.everyone[isLook ? "looks" : "reads"].add(path);
      return;
    }
    if (isWithin(path, this.file.cache)) return;
    // Which names modules are looked for by is known otherwise.
    if (origin === "runner" && isLook && !frames.some((frame) => snapshots.test(frame))) return;
    into.add(path);
  }

  /** @override @param {string} path @param {Set<string>} into */
  readTemporary(path, into) {
    // The checkout itself may lie in a temporary directory: compilers look for settings around it.
    if (this.#originOf(callers()) !== "outside") super.readTemporary(path, into);
    else this.everyone[into === this.looks ? "looks" : "reads"].add(path);
  }

  /** @override @param {string} why */
  mark(why) {
    if (!this.isOn) return;
    const frames = callers();
    const origin = this.#originOf(frames);
    if (origin === "outside") {
      if (!compiler.test(frames[0] ?? "") && this.#matters(frames)) {
        this.everyone.why ??= `${nameOfFrame(frames)} ${why} outside of its tests`;
      }
    } else if (this.file !== null) super.mark(why);
  }

  /** @override @param {unknown} given */
  wrote(given) {
    if (this.file === null) return;
    const frames = callers();
    const origin = this.#originOf(frames);
    const isCached = isWithin(String(given), this.file.cache);
    if (origin === "test" || origin === "unknown" || (origin === "runner" && !isCached)) super.wrote(given);
  }

  /** Who did something, by the files that called, the nearest first. @param {string[]} frames @returns {Origin} */
  #originOf(frames) {
    for (const frame of frames) {
      const isOutside = frame in cache;
      const isLoaded = this.file?.files.has(frame) === true;
      if (isLoaded && !isOutside) return "test";
      if (runner.test(frame)) return "runner";
      if (between.test(frame)) continue;
      if (isOutside && !isLoaded) return "outside";
    }
    return "unknown";
  }

  /** Whether tests can rest on what is done outside of them: reporters do things in the same process. @param {string[]} frames */
  #matters(frames) {
    if (this.file !== null || this.#isWorker) return !frames.some((frame) => this.reporters.has(frame));
    return frames.some((frame) => isOfProject(frame) && !this.reporters.has(frame));
  }
}

/** As it is before it is traced. */
const { statSync } = fs;
/** Node's own loaded modules, by file. @type {Record<string, unknown>} */
const cache = /** @type {any} */ (Module)._cache;

/** Whether TypeScript lists which files there are, which matters to nothing that it makes of one of them. @param {string} path @param {string[]} frames */
function isListedByCompiler(path, [frame = ""]) {
  return (
    /\/node_modules\/typescript\//.test(frame) && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  );
}

/** @param {string[]} frames */
function nameOfFrame(frames) {
  return named(frames.find(isOfProject) ?? frames.find((one) => one in cache) ?? "");
}
