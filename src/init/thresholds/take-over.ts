import type { RunnerName } from "../../config/runner-facts.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import { codecovThresholds } from "./codecov.ts";
import { type FoundThresholds, floorsOf, isEmpty, type ThresholdFigures } from "./found.ts";
import { jestThresholds } from "./jest.ts";
import { nycThresholds } from "./nyc.ts";
import { pythonThresholds } from "./python.ts";
import { defaultRemark, type Remark, remarkOn } from "./remarks.ts";
import { vitestThresholds } from "./vitest.ts";

/** The `coverage` section from other tools' thresholds, in percent. */
export interface CoverageSettings extends ThresholdFigures {
  readonly changedLines?: number;
  /** The minimum line coverage per file: one for all, or by glob relative to the repository's root. */
  readonly files?: number | Readonly<Record<string, number>>;
  readonly ratchet?: boolean;
  /** By suite name. */
  readonly suites?: Readonly<Record<string, ThresholdFigures>>;
}

/** Our configuration for a project's existing thresholds. */
export interface CoverageDraft {
  /** Undefined where there is nothing to adopt. */
  readonly settings: CoverageSettings | undefined;
  /** One for each source of thresholds. */
  readonly remarks: readonly Remark[];
}

interface NamedSuite {
  readonly name: string;
  readonly suite: DetectedSuite;
}

type Reader = (project: ProjectFiles, root: string, suite: DetectedSuite) => FoundThresholds | null;

/** Readers by runner; nyc or c8 wraps runners without coverage of their own. */
const readers: Readonly<Record<RunnerName, Reader>> = {
  pytest: pythonThresholds,
  vitest: vitestThresholds,
  jest: jestThresholds,
  mocha: nycThresholds,
  node: nycThresholds,
  command: nycThresholds,
};

/**
 * The project's existing coverage thresholds in our terms. Those of a single suite apply to the project, those of one
 * of several to that suite; Codecov's apply to the project unless the single suite has its own.
 */
export function coverageThresholds(project: ProjectFiles, suites: readonly NamedSuite[]): CoverageDraft {
  const isOnly = suites.length === 1;
  const own = suites.flatMap(({ name, suite }) => {
    const found = readers[suite.runner](project, suite.root, suite);
    return found === null || isEmpty(found) ? [] : [{ name, found: withFloors(found, suite.root, isOnly) }];
  });
  const only = isOnly ? own[0]?.found : undefined;
  const shared = codecovThresholds(project)
    .map((found) => withoutKnown(found, only))
    .filter((found) => !isEmpty(found));

  const bySuite = own.filter(({ found }) => !isOnly && hasAny(found.figures));
  const files = floorsOf(own.flatMap(({ found }) => Object.entries(found.files ?? {})));
  const settings: CoverageSettings = {
    ...only?.figures,
    ...Object.assign({}, ...shared.map(({ figures }) => figures)),
    ...Object.assign({}, ...shared.map(({ changedLines }) => (changedLines === undefined ? {} : { changedLines }))),
    ...(hasAny(files) ? { files: shortest(files) } : {}),
    ...(shared.some(({ ratchet }) => ratchet) ? { ratchet: true } : {}),
    ...(bySuite.length > 0
      ? { suites: Object.fromEntries(bySuite.map(({ name, found }) => [name, found.figures])) }
      : {}),
  };
  const remarks = [
    ...own.map(({ name, found }) => remarkOn(found, isOnly ? null : name)),
    ...shared.map((found) => remarkOn(found, null)),
  ];
  if (!hasAny(settings)) return { settings: undefined, remarks };
  return { settings, remarks: settings.lines === undefined ? [...remarks, defaultRemark] : remarks };
}

/**
 * Adds a minimum for each file to those by glob: for all files of a single suite, else for those in the suite's root.
 */
function withFloors(found: FoundThresholds, root: string, isOnly: boolean): FoundThresholds {
  const { eachFile, files, notes } = found;
  if (eachFile === undefined) return found;
  if (!isOnly && root === ".") {
    const note = `lines ${eachFile} for each file is not taken over: no glob tells this suite's files from the others'`;
    return { ...found, eachFile: undefined, notes: [...notes, note] };
  }
  const every = isOnly ? "**" : within(root, "**");
  return { ...found, files: floorsOf([[every, eachFile], ...Object.entries(files ?? {})]) };
}

/** Drops the line threshold that the single suite's own configuration sets. */
function withoutKnown(found: FoundThresholds, only: FoundThresholds | undefined): FoundThresholds {
  const { lines, ...figures } = found.figures;
  const known = only?.figures.lines;
  if (lines === undefined || known === undefined) return found;
  const differs = lines === known ? [] : [`lines ${lines} is not taken: ${only?.place} says ${known}`];
  return { ...found, figures, notes: [...differs, ...found.notes] };
}

/** One number where every file has the same minimum. */
function shortest(files: Readonly<Record<string, number>>): number | Readonly<Record<string, number>> {
  const { "**": every, ...others } = files;
  return every === undefined || hasAny(others) ? files : every;
}

function hasAny(settings: object): boolean {
  return Object.keys(settings).length > 0;
}
