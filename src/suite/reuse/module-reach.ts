import { createHash } from "node:crypto";
import type { FilesRead, ModulesCovered, ModulesOfTest, ModulesRecord } from "./module-trace.ts";
import { PresentFiles } from "./present-files.ts";
import { CompiledModule, type ScriptCoverage } from "./ran-functions.ts";
import type { Reach, ReachReason } from "./reach.ts";
import { type Shadow, shadowOf } from "./shadows.ts";

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
  const present = new PresentFiles(checkout);
  const known = knownFiles(records);
  const decided = new Map<string, number>();
  const reasons: Record<string, ReachReason> = {};
  for (const [index, record] of records.entries()) {
    const reach = new RecordReach(record, present, known);
    for (const test of Object.keys(record.trace.tests)) {
      if (decided.has(test) || !present.isFile(test)) continue;
      const why =
        test in record.tests
          ? await reach.why(test)
          : reason("always", "a test failed, was skipped, or passed only at another try");
      if (why === null) decided.set(test, index);
      else reasons[test] ??= why;
    }
  }
  for (const test of decided.keys()) delete reasons[test];
  const reusable = [...decided.keys()].sort();
  const isReached = Object.values(reasons).some(({ kind }) => kind !== "always");
  const secondsOf = (file: string): number => records[decided.get(file) ?? 0]?.tests[file] ?? 0;
  // Where no change reaches anything, one file tells whether what surrounds it is still the same.
  const compared = new Set(
    isReached ? sampleOf(reusable, Math.ceil(reusable.length / 20), random) : quickOne(reusable, secondsOf, random),
  );
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
function sampleOf(names: readonly string[], count: number, random: number): string[] {
  const place = (name: string): string => createHash("sha256").update(`${random} ${name}`).digest("hex");
  return names.toSorted((left, right) => (place(left) < place(right) ? -1 : 1)).slice(0, count);
}

/** The least seconds that count of a file. */
const leastSeconds = 0.01;

/**
 * One of the names, if there is any, chosen by a number below 2 ** 32: any may be it, and the fewer seconds one takes, the
 * likelier it is. So each takes the same share of the time, and a comment does not cost what the slowest file takes.
 */
export function quickOne(names: readonly string[], secondsOf: (name: string) => number, random: number): string[] {
  const weights = names.map((name) => 1 / Math.max(secondsOf(name), leastSeconds));
  let place = (random / 2 ** 32) * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    place -= weight;
    return place < 0;
  });
  return names.slice(index, index + 1);
}

/** What one record says of its test files. */
class RecordReach {
  readonly #record: ModulesRecord;
  readonly #present: PresentFiles;
  /** The files that some run has seen loaded or read. */
  readonly #known: ReadonlySet<string>;
  readonly #changed: ReadonlySet<string>;
  /** Why every file is reached; null where that is not known of all. */
  readonly #all: ReachReason | null;
  #covered: Promise<ModulesCovered | null> | null = null;
  #seen: { readonly test: string; readonly scripts: readonly ScriptCoverage[] } | null = null;
  readonly #compiled = new Map<string, CompiledModule | null>();
  /** By each file that came or went, what looks for its name in a text. */
  readonly #names: readonly Shadow[];

  constructor(record: ModulesRecord, present: PresentFiles, known: ReadonlySet<string>) {
    this.#record = record;
    this.#present = present;
    this.#known = known;
    const { modified, deleted, added } = record;
    this.#changed = new Set([...modified, ...deleted]);
    const shadows = new Set([...added, ...deleted, ...present.otherNames(record.trace.lists)]);
    this.#names = [...shadows].map((file) => shadowOf(file, record.directories));
    this.#all = this.#whyAll();
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
    const isByFunction = this.#record.trace.provider === "v8" && !own.hasReadText && !own.whole.includes(file);
    if (source === undefined || !isByFunction) return [];
    if (source.change === "none") return null;
    const module = await this.#compiledModule(file, source.before);
    const covered = await this.#coveredParts();
    if (module === null || covered === null) return [];
    const scripts = this.#scriptsOf(test, covered).filter(({ url }) => url === urlOf(file));
    const reached = source.change.filter((one) => module.hasRun(one, scripts));
    return reached.length === 0 ? null : [...new Set(reached.map(({ name }) => name))].sort();
  }

  /** What V8 saw as a test file ran. That of the last one is kept, as several changed modules may ask for it. */
  #scriptsOf(test: string, { tests }: ModulesCovered): readonly ScriptCoverage[] {
    if (this.#seen?.test !== test) {
      const scripts = (tests[test] ?? []).flatMap(({ coverage }) => scriptsIn(coverage));
      this.#seen = { test, scripts };
    }
    return this.#seen.scripts;
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
    if (setting !== undefined) return reason("everyone", setting);
    const { everyone } = trace;
    const isSame = (file: string): boolean =>
      everyone.setup?.includes(file) === true &&
      everyone.hasReadText !== true &&
      this.#record.sources.get(file)?.change === "none";
    const loaded = everyone.files.find((file) => this.#isChanged(file) && !isSame(file));
    if (loaded !== undefined) return reason("everyone", loaded);
    const { setup = [], hasMissed = false, reads } = everyone;
    const set = { ...everyone, files: setup, reads: setup.length === 0 ? [] : reads, names: [], hasMissed };
    const shadow = this.#names.find((one) => this.#mayLoad(set, one));
    if (shadow !== undefined) return reason("everyone", shadow.file);
    const read = this.#readBy(trace.everyone);
    if (read !== undefined) return reason("everyone", read);
    // A plugin may make a module of a list of files.
    const listed = trace.hasPlugins ? [...added, ...deleted].find((file) => !declarations.test(file)) : undefined;
    return listed === undefined ? null : reason("everyone", listed);
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
  #mayLoad(
    { files, reads, names, hasMissed }: Pick<ModulesOfTest, "files" | "reads" | "names" | "hasMissed">,
    { file, place, pattern }: Shadow,
  ): boolean {
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

/** From a test file to a module, each asking for the next. */
function wayTo(file: string, test: string, { importers = {} }: ModulesOfTest): string[] {
  const way = [file];
  for (let from = importers[file]; from !== undefined && from !== test && !way.includes(from); from = importers[from]) {
    way.unshift(from);
  }
  return file === test ? [test] : [test, ...way];
}

/** What V8 saw of each file; what a test file covered is JSON without the path of the checkout: see adapters/vitest/tracing.mjs. */
function scriptsIn(coverage: string): readonly ScriptCoverage[] {
  const { result }: { readonly result?: readonly ScriptCoverage[] } = JSON.parse(coverage);
  return result ?? [];
}

function urlOf(file: string): string {
  return `pushproof-checkout-url:/${file.split("/").map(encodeURIComponent).join("/")}`;
}

function reason(
  kind: ReachReason["kind"],
  file: string,
  way: readonly string[] = [],
  functions: readonly string[] = [],
): ReachReason {
  return { kind, file, way, functions };
}
