import type { CompiledCode } from "./ran-functions.ts";
import type { SourceChange } from "./source-comparison.ts";
import type { TreeChanges } from "./tree.ts";

/** What adapters/tracing/record.mjs records of a run; files are relative to the root where they lie in the checkout. */
export interface ModulesTrace {
  readonly tests: Readonly<Record<string, ModulesOfTest>>;
  /** What the coordinating process loaded and read: everything rests on that. */
  readonly everyone: FilesRead & Partial<Setup>;
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

/** What is set up in the coordinating process, for all test files. */
export interface Setup {
  /** The modules that did it; `files` has them, too. */
  readonly setup: readonly string[];
  /** Whether one that was asked for was not there. */
  readonly hasMissed: boolean;
  /** Whether code looked at the text of a function. */
  readonly hasReadText: boolean;
}

export interface FilesRead {
  /** Loaded as modules. */
  readonly files: readonly string[];
  readonly reads: readonly string[];
  readonly looks: readonly string[];
}

/** What one test file rests on. */
export interface ModulesOfTest extends FilesRead {
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

/** What adapters/vitest/tracing.mjs keeps of what each test file covered, as JSON, and of the code that was covered, by file. */
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
  /** The test files whose results it holds, with the seconds that their tests took. */
  readonly tests: Readonly<Record<string, number>>;
  /** What its files covered: for adapters/vitest/tracing.mjs. */
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
