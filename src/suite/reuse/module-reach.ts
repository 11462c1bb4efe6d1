import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { escapedForPattern } from "../../shared/patterns.ts";
import { type CompiledCode, CompiledModule, type ScriptCoverage } from "./ran-functions.ts";
import type { Reach, ReachReason } from "./reach.ts";
import type { SourceChange } from "./source-comparison.ts";
import type { TreeChanges } from "./tree.ts";

/** What vitest-tracing.mjs records of a run; files are relative to the root where they lie in the checkout. */
export interface ModulesTrace {
  readonly tests: Readonly<Record<string, ModulesOfTest>>;
  /** What the coordinating process loaded and read: everything rests on that. */
  readonly everyone: FilesRead;
  /** What counted coverage: functions can be told apart by what V8 saw. */
  readonly provider: string;
  /** Whether plugins of the project's own choice transform its modules. */
  readonly hasPlugins: boolean;
  /** The state of each file that was loaded or read, and of each that was only looked for, when the run was over. */
  readonly states: Readonly<Record<string, string>>;
  readonly looks: Readonly<Record<string, string>>;
  /** The names in each directory that modules lie in, or below; relative to the root, which is ".". */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

interface FilesRead {
  /** Loaded as modules. */
  readonly files: readonly string[];
  readonly reads: readonly string[];
  readonly looks: readonly string[];
}

interface ModulesOfTest extends FilesRead {
  /** The modules that it asked for, by whatever name, found or not. */
  readonly names: readonly string[];
  /** By each module, the one that asked for it first, as far as that is known. */
  readonly importers?: Readonly<Record<string, string>>;
  /** Whether one of them was not there. */
  readonly hasMissed: boolean;
  /** The modules of which every text counts: loaded as text, or before functions were counted. */
  readonly whole: readonly string[];
  /** Whether code looked at the text of a function. */
  readonly hasReadText: boolean;
  /** Why it always runs, a clause; null where nothing speaks for that. */
  readonly always: string | null;
}

/** What vitest-tracing.mjs keeps of what each test file covered, as JSON, and of the code that was covered, by file. */
export interface ModulesCovered {
  readonly tests: Readonly<Record<string, readonly { readonly coverage: string }[]>>;
  readonly code: Readonly<Record<string, CompiledCode>>;
}

/** For a record whose trace is lost. */
export const nothingTraced: ModulesTrace = {
  tests: {},
  everyone: { files: [], reads: [], looks: [] },
  provider: "none",
  hasPlugins: false,
  states: {},
  looks: {},
  lists: {},
};

/** A record of an earlier run, and how the files differ from those of it. */
export interface ModulesRecord extends TreeChanges {
  readonly trace: ModulesTrace;
  /** The test files whose results it holds. */
  readonly tests: readonly string[];
  /** What its files covered: for vitest-tracing.mjs. */
  readonly coverage: { readonly path: string; readonly key: string; readonly version: string };
  /** Whether the tree of that run had a file: what it had is compared with the one of now by git. */
  readonly isTracked: (file: string) => boolean;
  /** How sources changed, as far as they can be compared: the others changed as modules. */
  readonly sources: ReadonlyMap<string, ComparedSource>;
  /** What its test files covered; null where that is lost. */
  readonly covered: () => Promise<ModulesCovered | null>;
}

/** How a module's source changed. */
export interface ComparedSource {
  readonly change: Exclude<SourceChange, "module">;
  /** Its earlier text. */
  readonly before: string;
}

/** Settings of runners, compilers and packages, wherever they lie; and styles, which are put together before anybody sees it. */
const settings =
  /(?:^|\/)(?:package\.json|[tj]sconfig[^/]*\.json|\.env[^/]*|\.npmrc|\.babelrc[^/]*|\.swcrc|\.browserslistrc|\.postcssrc[^/]*|[^/]+\.(?:config|workspace|projects)\.[cm]?[jt]s)$|\.(?:css|scss|sass|less|styl|stylus|pcss|postcss|sss)$/;
/** Only types: nothing of them is there when tests run. */
const declarations = /\.d\.[cm]?ts$/;
/** A module that is made of the names of others: by a glob, or by an import of what is not written out. */
const listing = /import\.meta\.glob|\bimport\s*\(\s*(?:\/\*[\s\S]*?\*\/\s*)?(?!["'/\s])/;
const code = /\.(?:[cm]?[jt]sx?|json|vue|svelte|astro|mdx)$/;

/**
 * Decides which test files of a suite a change can reach whose files share no modules: each loads its own. The records come in the
 * order in which they are to be looked at; `random` is any whole number.
 */
export async function moduleReach(checkout: string, records: readonly ModulesRecord[], random: number): Promise<Reach> {
  const present = new Present(checkout);
  const known = knownFiles(records);
  const decided = new Map<string, number>();
  const reasons: Record<string, ReachReason> = {};
  for (const [index, record] of records.entries()) {
    const reach = new RecordReach(record, present, known);
    for (const test of Object.keys(record.trace.tests)) {
      if (decided.has(test) || !present.isFile(test)) continue;
      const why = record.tests.includes(test)
        ? await reach.why(test)
        : reason("always", "a test failed, was skipped, or passed only at another try");
      if (why === null) decided.set(test, index);
      else reasons[test] ??= why;
    }
  }
  for (const test of decided.keys()) delete reasons[test];
  const reusable = [...decided.keys()].sort();
  // Where no change reaches anything, one file tells whether what surrounds it is still the same.
  const isReached = Object.values(reasons).some(({ kind }) => kind !== "always");
  const count = isReached ? Math.ceil(reusable.length / 20) : Math.min(reusable.length, 1);
  const compared = new Set(drawn(reusable, count, random));
  const of = (files: readonly string[]): Record<string, number> =>
    Object.fromEntries(files.map((file) => [file, decided.get(file) ?? 0]));
  const reused = reusable.filter((file) => !compared.has(file));
  return {
    reused: of(reused),
    compared: of([...compared]),
    reasons,
    plugin: {
      files: reused,
      compared: [...compared],
      coverage: records.map(({ coverage }, index) => ({
        ...coverage,
        tests: reusable.filter((file) => decided.get(file) === index),
        changed: [...(records[index]?.sources.keys() ?? [])],
      })),
    },
  };
}

/** What the runs of these records have seen loaded, read or looked for: any of them may have been a part of the suite. */
function knownFiles(records: readonly ModulesRecord[]): Set<string> {
  return new Set(records.flatMap(({ trace: { states, looks } }) => [...Object.keys(states), ...Object.keys(looks)]));
}

/** So many of the names, chosen by a number. */
function drawn(names: readonly string[], count: number, random: number): string[] {
  const place = (name: string): string => createHash("sha256").update(`${random} ${name}`).digest("hex");
  return names.toSorted((left, right) => (place(left) < place(right) ? -1 : 1)).slice(0, count);
}

/** The files as they are now. */
class Present {
  readonly #checkout: string;
  readonly #texts = new Map<string, string>();
  readonly #states = new Map<string, string>();

  constructor(checkout: string) {
    this.#checkout = checkout;
  }

  isFile(file: string): boolean {
    return statSync(this.#path(file), { throwIfNoEntry: false })?.isFile() === true;
  }

  /** The text of a file; empty where there is none. */
  text(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) {
      try {
        text = readFileSync(this.#path(file), "utf8");
      } catch {
        text = "";
      }
      this.#texts.set(file, text);
    }
    return text;
  }

  /** As `stateOf` in vitest-tracing.mjs. */
  state(file: string, isLook: boolean): string {
    const key = `${file}\0${isLook}`;
    const state = this.#states.get(key) ?? this.#stateOf(this.#path(file), isLook);
    this.#states.set(key, state);
    return state;
  }

  /** What came or went in these directories, whether git knows of it or not. */
  otherNames(lists: ModulesTrace["lists"]): string[] {
    return Object.entries(lists).flatMap(([place, before]) => {
      const [then, now] = [new Set(before), new Set(this.#namesIn(place))];
      const others = [...[...now].filter((name) => !then.has(name)), ...before.filter((name) => !now.has(name))];
      // Of a runner's, or of ours.
      const isMeant = (name: string): boolean => !name.startsWith(".") && name !== "node_modules";
      return others.filter(isMeant).map((name) => posix.join(place, name));
    });
  }

  #namesIn(place: string): string[] {
    try {
      return readdirSync(this.#path(place));
    } catch {
      return [];
    }
  }

  #stateOf(path: string, isLook: boolean): string {
    try {
      if (statSync(path).isDirectory())
        return isLook ? "directory" : `directory ${digest(readdirSync(path).sort().join("\n"))}`;
      return `file ${digest(readFileSync(path))}`;
    } catch (error) {
      const { code: why } = error as NodeJS.ErrnoException;
      return why === "ENOENT" ? "nothing" : `unreadable ${why}`;
    }
  }

  #path(file: string): string {
    return file.startsWith("/") ? file : join(this.#checkout, file);
  }
}

function digest(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** What one record says of its test files. */
class RecordReach {
  readonly #record: ModulesRecord;
  readonly #present: Present;
  /** The files that some run has seen loaded or read. */
  readonly #known: ReadonlySet<string>;
  readonly #changed: ReadonlySet<string>;
  /** Why every file is reached; null where that is not known of all. */
  readonly #all: ReachReason | null;
  #covered: Promise<ModulesCovered | null> | null = null;
  readonly #compiled = new Map<string, CompiledModule | null>();
  /** By each file that came or went, what looks for its name in a text. */
  readonly #names: readonly Shadow[];

  constructor(record: ModulesRecord, present: Present, known: ReadonlySet<string>) {
    this.#record = record;
    this.#present = present;
    this.#known = known;
    const { modified, deleted, added } = record;
    this.#changed = new Set([...modified, ...deleted]);
    this.#all = this.#whyAll();
    const shadows = new Set([...added, ...deleted, ...present.otherNames(record.trace.lists)]);
    this.#names = [...shadows].map((file) => shadowOf(file, record.directories));
  }

  /** Why a test file has to run; null where its results can be reused. */
  async why(test: string): Promise<ReachReason | null> {
    const { trace } = this.#record;
    const own = trace.tests[test];
    if (own === undefined) return reason("new", test);
    if (this.#all !== null) return this.#all;
    if (own.always !== null) return reason("always", own.always);
    for (const file of own.files) {
      const functions = await this.#reachedIn(file, test, own);
      if (functions === null) continue;
      return reason(functions.length === 0 ? "module" : "function", file, wayTo(file, test, own), functions);
    }
    const read = this.#readBy(own);
    if (read !== undefined) return reason("file", read, [test]);
    const shadow = this.#names.find((one) => this.#mayLoad(own, one));
    return shadow === undefined ? null : reason("name", shadow.file);
  }

  /** The functions by which a module reaches a test file: none where it does by more than these, null where it does not. */
  async #reachedIn(file: string, test: string, own: ModulesOfTest): Promise<string[] | null> {
    if (!this.#isChanged(file)) return null;
    const source = this.#record.sources.get(file);
    if (source === undefined || own.hasReadText || own.whole.includes(file)) return [];
    if (source.change === "none") return null;
    const module = await this.#compiledModule(file, source.before);
    const covered = await this.#coveredParts();
    if (module === null || covered === null) return [];
    const scripts = (covered.tests[test] ?? []).flatMap(({ coverage }) => scriptsOf(coverage, file));
    const reached = source.change.filter((one) => module.hasRun(one, scripts));
    return reached.length === 0 ? null : [...new Set(reached.map(({ name }) => name))].sort();
  }

  async #compiledModule(file: string, before: string): Promise<CompiledModule | null> {
    let module = this.#compiled.get(file);
    if (module === undefined) {
      const code = (await this.#coveredParts())?.code[file];
      module = code === undefined || code.mappings === "" ? null : new CompiledModule(before, code);
      this.#compiled.set(file, module);
    }
    return module;
  }

  #coveredParts(): Promise<ModulesCovered | null> {
    this.#covered ??= this.#record.covered();
    return this.#covered;
  }

  /** Whether a file that was loaded is another one now, or gone. */
  #isChanged(file: string): boolean {
    return this.#record.isTracked(file) ? this.#changed.has(file) : this.#isOther(file, false);
  }

  #whyAll(): ReachReason | null {
    const { trace, modified, deleted, added } = this.#record;
    const matters = (file: string): boolean =>
      !declarations.test(file) && this.#record.sources.get(file)?.change !== "none";
    const unknown = [...modified, ...deleted].find((file) => !this.#known.has(file) && matters(file));
    if (unknown !== undefined) return reason("unknown", unknown);
    const setting = [...modified, ...deleted, ...added].find((file) => settings.test(file));
    if (setting !== undefined) return reason("unknown", setting);
    const loaded = trace.everyone.files.find((file) => this.#isChanged(file));
    if (loaded !== undefined) return reason("unknown", loaded);
    const read = this.#readBy(trace.everyone);
    if (read !== undefined) return reason("unknown", read);
    // A plugin may make a module of a list of files.
    const listed = trace.hasPlugins ? [...added, ...deleted].find((file) => !declarations.test(file)) : undefined;
    return listed === undefined ? null : reason("unknown", listed);
  }

  /** A file that was read or looked for, and is another one now. */
  #readBy({ reads, looks }: FilesRead): string | undefined {
    return reads.find((file) => this.#isOther(file, false)) ?? looks.find((file) => this.#isOther(file, true));
  }

  #isOther(file: string, isLook: boolean): boolean {
    const before = this.#record.trace[isLook ? "looks" : "states"][file];
    return before !== undefined && this.#present.state(file, isLook) !== before;
  }

  /** Whether what came or went could be loaded, or could have been, in place of something else. */
  #mayLoad({ files, reads, names, hasMissed }: ModulesOfTest, { file, place, pattern }: Shadow): boolean {
    if (hasMissed) return true;
    const texts = [...files, ...reads.filter((one) => code.test(one))];
    if (place !== null && texts.some((one) => place === "" || one.startsWith(`${place}/`))) return true;
    if ([...names, ...files.map((one) => `/${one}`)].some((name) => pattern.test(`"${name}"`))) return true;
    return texts.some((one) => {
      const text = this.#present.text(one);
      return pattern.test(text) || (file !== one && listing.test(text));
    });
  }
}

/** A file that came or went, and how a module may name it. */
interface Shadow {
  readonly file: string;
  /** The directory that it stands for, relative to the root; null where it stands for none. */
  readonly place: string | null;
  /** What matches a text that names it. */
  readonly pattern: RegExp;
}

function shadowOf(file: string, directories: readonly string[]): Shadow {
  const place = posix.dirname(file) === "." ? "" : posix.dirname(file);
  const [stem = ""] = posix.basename(file).split(".");
  const stems = [stem, ...directories.filter((one) => file.startsWith(`${one}/`)).map((one) => posix.basename(one))];
  const isIndex = stem === "index";
  if (isIndex) stems.push(posix.basename(place));
  const words = [...new Set(stems)].filter((word) => word !== "" && word !== "index").map(escapedForPattern);
  return {
    file,
    place: isIndex ? place : null,
    pattern: words.length === 0 ? /(?!)/ : new RegExp(`["'\`/}](?:${words.join("|")})(?=["'\`/.?$])`),
  };
}

/** From a test file to a module, each asking for the next. */
function wayTo(file: string, test: string, { importers = {} }: ModulesOfTest): string[] {
  const way = [file];
  for (let from = importers[file]; from !== undefined && from !== test && !way.includes(from); from = importers[from]) {
    way.unshift(from);
  }
  return file === test ? [test] : [test, ...way];
}

/** What V8 saw of one file; what a test file covered is JSON without the path of the checkout: see vitest-tracing.mjs. */
function scriptsOf(coverage: string, file: string): ScriptCoverage[] {
  const url = `pushproof-checkout-url:/${file.split("/").map(encodeURIComponent).join("/")}`;
  const { result }: { readonly result?: readonly ScriptCoverage[] } = JSON.parse(coverage);
  return (result ?? []).filter((script) => script.url === url);
}

function reason(
  kind: ReachReason["kind"],
  file: string,
  way: readonly string[] = [],
  functions: readonly string[] = [],
): ReachReason {
  return { kind, file, way, functions };
}
