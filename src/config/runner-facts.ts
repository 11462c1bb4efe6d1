/** The runners that have an adapter in `suite/runners/`. */
export const runnerNames = ["pytest", "vitest", "jest", "mocha", "node", "command"] as const;
export type RunnerName = (typeof runnerNames)[number];

/** What is known of a runner beside its adapter, for all that needs no adapter. */
export interface RunnerFacts {
  /** What its tests are written in; null where that may be anything. */
  readonly language: "python" | "javascript" | null;
  /**
   * Whether workers, results and coverage are added to it from outside. Where they are not, the command is all that is known: it
   * starts what it wants, and the configuration says where it writes.
   */
  readonly isAdapted: boolean;
  /** Whether it leaves its own test files out of what it measures; null where only its own configuration knows. */
  readonly leavesOutTests: boolean | null;
  /** Whether the total that it prints mixes lines and branches where it measures both. */
  readonly mixesBranches: boolean;
  /**
   * Whether what it counts as branches and functions depends on what ran, as V8 only knows what it saw: then the reports of
   * several machines add up in lines only.
   */
  readonly branchesDependOnRun: boolean;
  /** Its first version that takes from outside which tests to run, and reports their results; null where each does. */
  readonly oldest: readonly [major: number, minor: number] | null;
  /** The option that has it end though something is left open; null where it has none. */
  readonly endingOption: string | null;
}

const ofJavaScript = {
  language: "javascript",
  isAdapted: true,
  mixesBranches: false,
  branchesDependOnRun: false,
  oldest: null,
} as const;

export const runnerFacts: Readonly<Record<RunnerName, RunnerFacts>> = {
  pytest: {
    language: "python",
    isAdapted: true,
    leavesOutTests: false,
    mixesBranches: true,
    branchesDependOnRun: false,
    oldest: null,
    endingOption: null,
  },
  vitest: { ...ofJavaScript, leavesOutTests: true, oldest: [3, 0], endingOption: null },
  jest: { ...ofJavaScript, leavesOutTests: true, endingOption: "--forceExit" },
  mocha: { ...ofJavaScript, branchesDependOnRun: true, leavesOutTests: false, oldest: [7, 1], endingOption: "--exit" },
  node: { ...ofJavaScript, branchesDependOnRun: true, leavesOutTests: false, endingOption: "--test-force-exit" },
  command: {
    language: null,
    isAdapted: false,
    leavesOutTests: null,
    mixesBranches: false,
    branchesDependOnRun: false,
    oldest: null,
    endingOption: null,
  },
};
