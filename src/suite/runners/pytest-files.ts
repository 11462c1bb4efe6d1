import { join } from "node:path";
import type { SuiteRun } from "./runner.ts";

/** What runs workers side by side: without it they go as processes. */
export const workersPackage = "pytest-xdist";

/** The module that is injected into pytest. */
export const plugin = "pushproof_pytest";

// What a run of pytest writes and reads, in its own directory.
export const junitFile = (run: SuiteRun): string => join(run.scratch, "junit.xml");
export const durationsFile = (run: SuiteRun): string => join(run.scratch, "durations.json");
export const selectionFile = (run: SuiteRun): string => join(run.scratch, "selection.json");
export const collectedFile = (run: SuiteRun): string => join(run.scratch, "collected.json");
export const lcovFile = (run: SuiteRun): string => join(run.scratch, "coverage.lcov");
export const traceDirectory = (run: SuiteRun): string => join(run.scratch, "trace");
