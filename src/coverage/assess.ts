import type { SimpleGit } from "simple-git";
import { type RunnerName, runnerFacts } from "../config/runner-facts.ts";
import type { Gate } from "../config/schema.ts";
import { gitLineOrNull } from "../git/client.ts";
import type { MergeBase } from "../git/merge-base.ts";
import type { CoverageSummary } from "../model/summary.ts";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import { clip, listed, plural } from "../shared/text.ts";
import { canonicalPath, nameWithin } from "../shared/within.ts";
import type { Environment } from "../shared/world.ts";
import { readAddedExclusions } from "./diff/added-exclusions.ts";
import { type AddedLines, type AddedLinesRequest, readAddedLines } from "./diff/added-lines.ts";
import { changedFiles, sourcePathspecs } from "./diff/changed-files.ts";
import { type ChangedLines, measureChanges } from "./diff/changed-lines.ts";
import { generatedFiles } from "./diff/generated-files.ts";
import { matchesAny } from "./files/file-kinds.ts";
import type { Measuring } from "./files/measuring.ts";
import { withoutOthersTests } from "./files/other-suites-tests.ts";
import { type FilesContext, fileKinds } from "./files/tests-or-source.ts";
import { type Counted, judge } from "./gate/judge.ts";
import type { RecordedFigure } from "./gate/recorded-figures.ts";
import { coverageProblems } from "./gate/sanity-checks.ts";
import { uncountedNotes, uncountedProblems } from "./gate/uncounted-files.ts";
import type { Coverage } from "./lcov/source-coverage.ts";
import type { Measured } from "./measure.ts";

/** At most this many characters of a list entry are shown. */
const longestEntry = 80;

/** A suite whose coverage was measured. */
export interface AssessedSuite {
  readonly name: string;
  readonly runner: RunnerName;
  /** The absolute directory it ran in. */
  readonly directory: string;
  readonly source: readonly string[];
  /** What its runner reports about coverage configuration. */
  readonly measuring: Measuring;
}

export interface AssessmentRequest {
  readonly gate: Gate;
  /** The absolute root of the checkout. */
  readonly root: string;
  /** Git in the checkout. */
  readonly git: SimpleGit;
  readonly suites: readonly AssessedSuite[];
  /** The commit's object id. */
  readonly commit: string;
  /** Whether the files are the working tree's, on top of the commit. */
  readonly isWorkingTree: boolean;
  readonly mergeBase: MergeBase;
  /** The base branch's recorded coverage; null where there is none. */
  readonly baseFigure: RecordedFigure | null;
  /** The files whose tests ran, relative to the root. */
  readonly testFiles: ReadonlySet<string>;
  readonly environment: Environment;
}

/** The coverage, and how it compares to the gate. */
export interface Assessment {
  readonly summary: CoverageSummary;
  /** The coverage that counts, by file. */
  readonly coverage: Coverage;
  /** Failed sanity checks of the data, one sentence each. */
  readonly problems: readonly string[];
  /** Notes, one sentence each. */
  readonly notes: readonly string[];
}

/** Compares the measured coverage with the configured gates, the changes and the base branch. */
export async function assessCoverage(all: Measured, request: AssessmentRequest): Promise<Assessment> {
  const { gate, root, testFiles } = request;
  const { measured, suites } = withoutOthersTests(all, request.suites);
  const isExcluded = matchesAny(gate.exclude);
  const counted = withoutExcluded(measured, root, isExcluded);
  const context: FilesContext = { root, coverage: counted.all, suites, testFiles };
  const [changes, shallow, exclusions] = await Promise.all([
    changesOf(context, isExcluded, request),
    shallowNotes(request),
    exclusionNotes(request),
  ]);
  const mixingSuites = suites.filter(({ runner }) => runnerFacts[runner].mixesBranches).map(({ name }) => name);
  const expected = suites.map(({ name, runner, directory, source }) => ({
    suite: name,
    directory,
    source,
    isFromCommand: !runnerFacts[runner].isAdapted,
  }));
  const uncounted = { ...context, ...measured, suites, isExcluded };
  return {
    summary: {
      ...judge(counted, { gate, root, changes, base: request.baseFigure, mixingSuites }),
      ...excludedCount(measured, counted),
    },
    coverage: counted.all,
    problems: [
      ...coverageProblems(measured, { root, suites: expected, counted: counted.bySuite, kindOf: fileKinds(context) }),
      ...uncountedProblems(uncounted),
    ],
    notes: [
      ...elsewhereNotes(measured),
      ...uncountedNotes(uncounted),
      ...changeNotes(changes, gate),
      ...shallow,
      ...exclusions,
      ...floorNotes(counted.all, request),
      ...ratchetNotes(request),
    ],
  };
}

function withoutExcluded(
  { verified, bySuite }: Measured,
  root: string,
  isExcluded: (file: string) => boolean,
): Counted {
  const canonicalRoot = canonicalPath(root);
  const counts = (path: string): boolean => !isExcluded(nameWithin(canonicalRoot, path) ?? path);
  const kept = (coverage: Coverage): Coverage => new Map([...coverage].filter(([path]) => counts(path)));
  return { all: kept(verified), bySuite: new Map([...bySuite].map(([suite, own]) => [suite, kept(own)])) };
}

/** How many measured files the configuration excludes. */
function excludedCount({ verified }: Measured, { all }: Counted): { readonly excludedFiles?: number } {
  return all.size === verified.size ? {} : { excludedFiles: verified.size - all.size };
}

/**
 * The coverage of the changes; null where there is nothing to compare with. Throws UnavailableError where git fails and
 * a gate needs it.
 */
async function changesOf(
  context: FilesContext,
  isExcluded: (file: string) => boolean,
  request: AssessmentRequest,
): Promise<ChangedLines | null> {
  const { gate, root, environment } = request;
  const added = await addedLines(context.coverage, request).catch((error: unknown) => {
    // Without a gate on changes, only the reports lose detail.
    if (gate.changedLines === undefined) return null;
    throw new UnavailableError(`The changed lines cannot be determined: ${messageOf(error)}`);
  });
  if (added === null) return null;
  const generated = await generatedFiles(root, [...added.keys()], environment);
  const about = changedFiles({ ...context, isExcluded, generated });
  return { ...measureChanges(added, about), generated: [...generated].sort() };
}

/** The compared range: the base branch itself has no changes; a working tree is compared with its commit. */
function rangeOf({
  commit,
  mergeBase,
  isWorkingTree,
}: AssessmentRequest): Pick<AddedLinesRequest, "from" | "to"> | null {
  if (mergeBase === "none") return null;
  return { from: mergeBase === "itself" ? commit : mergeBase.mergeBase, to: isWorkingTree ? null : commit };
}

async function addedLines(coverage: Coverage, request: AssessmentRequest): Promise<AddedLines | null> {
  const { git, root } = request;
  const range = rangeOf(request);
  return range && (await readAddedLines({ git, ...range, pathspecs: sourcePathspecs(root, coverage) }));
}

/** In a shallow clone git may not find an existing common commit. */
async function shallowNotes({ git, gate, mergeBase }: AssessmentRequest): Promise<string[]> {
  if (mergeBase !== "none" || gate.changedLines === undefined) return [];
  const isShallow = (await gitLineOrNull(git, "rev-parse", "--is-shallow-repository")) === "true";
  return isShallow
    ? [
        "This clone is shallow: `git fetch --unshallow` brings the commits to compare with (`fetch-depth: 0` for actions/checkout).",
      ]
    : [];
}

/** Notes on entries that the changes add to exclusion lists; none where git fails. */
async function exclusionNotes(request: AssessmentRequest): Promise<string[]> {
  const { git, root } = request;
  const range = rangeOf(request);
  const added = range === null ? [] : await readAddedExclusions({ git, root, ...range }).catch(() => []);
  const named = added.map(({ file, list, entry }) => `${clip(entry, longestEntry)} (${list} in ${file})`);
  return noteOn(named, (all) => `These changes leave more out of coverage: ${all}.`);
}

function elsewhereNotes({ untracked }: Measured): string[] {
  if (untracked.length === 0) return [];
  return [`Not counted, as they are not part of the verified files: ${some(untracked)}.`];
}

function changeNotes(changes: ChangedLines | null, gate: Gate): string[] {
  if (changes === null) return [];
  const { exclusions, leftOut, omitted, assumedTests, generated } = changes;
  const places = exclusions.map(({ file, line }) => `${file}:${line}`);
  return [
    ...noteOn(
      places,
      (named) => `These changes exclude code from coverage in ${plural(places.length, "place")}: ${named}.`,
    ),
    ...noteOn(generated, (named) => `Changed but not gated, as .gitattributes calls them generated: ${named}.`),
    ...noteOn(leftOut, (named) => `Changed but not gated, as no suite is to measure them: ${named}.`),
    ...noteOn(
      omitted,
      (named) => `Changed but not gated, as their runner's coverage configuration leaves them out: ${named}.`,
    ),
    ...noteOn(
      assumedTests,
      (named) => `Changed but not gated, as they look like tests: ${named}. If one is source, name it in "source".`,
    ),
    ...emptiedNote(changes, gate),
  ];
}

function noteOn(names: readonly string[], sentence: (named: string) => string): string[] {
  return names.length === 0 ? [] : [sentence(some(names))];
}

/** A gate that applies to no file must not look as if it had passed. */
function emptiedNote({ count, ...changes }: ChangedLines, gate: Gate): string[] {
  const passedOver = [changes.leftOut, changes.omitted, changes.assumedTests, changes.generated].flat();
  if (gate.changedLines === undefined || count.total > 0 || passedOver.length === 0) return [];
  return [`The gate of changed lines (${gate.changedLines} %) had nothing to judge: none of the changed lines counts.`];
}

/** A glob without matches has no effect, which may be a mistake. */
function floorNotes(coverage: Coverage, { gate, root }: AssessmentRequest): string[] {
  const canonicalRoot = canonicalPath(root);
  const names = [...coverage.keys()].map((path) => nameWithin(canonicalRoot, path) ?? path);
  const idle = Object.keys(gate.files ?? {}).filter((glob) => !names.some(matchesAny([glob])));
  return idle.map((glob) => `"coverage.files" names ${glob}, which matches no measured file.`);
}

function ratchetNotes({ gate, mergeBase, baseFigure }: AssessmentRequest): string[] {
  if (!gate.ratchet || baseFigure !== null) return [];
  const name = typeof mergeBase === "string" ? null : mergeBase.base;
  const remedy = name === null ? "verify the base branch once" : `\`npx verify ${name}\` records one`;
  return [`No coverage of the base branch is recorded here, so there was nothing that it could fall below: ${remedy}.`];
}

function some(names: readonly string[]): string {
  return listed(names, 3, (name) => name, "place").join(", ");
}
