import type { SimpleGit } from "simple-git";
import type { Gate, RunnerName } from "../config.ts";
import type { MergeBase } from "../push/merge-base.ts";
import type { CoverageSummary } from "../report/summary.ts";
import { listed, plural } from "../report/text.ts";
import type { AddedLines } from "./added-lines.ts";
import { changedFiles } from "./changed-files.ts";
import { type ChangedLines, measureChanges } from "./changed-lines.ts";
import { coverageDoubts } from "./doubts.ts";
import { matchesAny } from "./file-kinds.ts";
import { type Counted, judge } from "./gate.ts";
import { generatedFiles } from "./generated-files.ts";
import { canonicalPath, nameWithin } from "./lines.ts";
import type { Measured } from "./measure.ts";
import type { FigureStore, RecordedFigure } from "./recorded-figures.ts";
import type { Coverage } from "./source-coverage.ts";
import { unlistedNote } from "./unlisted-files.ts";

/** A suite whose coverage was measured. */
export interface AssessedSuite {
  readonly name: string;
  readonly runner: RunnerName;
  /** The absolute directory it ran in. */
  readonly directory: string;
  readonly source: readonly string[];
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
  readonly mergeBase: MergeBase;
  /** What is added since the merge base; null where there is none. */
  readonly added: AddedLines | null;
  readonly figures: FigureStore;
}

/** What the coverage comes to. */
export interface Assessment {
  readonly summary: CoverageSummary;
  /** What counts, file by file. */
  readonly coverage: Coverage;
  /** What speaks against the figures, a sentence each. */
  readonly doubts: readonly string[];
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
}

/** Holds what was measured against the configuration, the changes, and what the base branch had. */
export async function assessCoverage(measured: Measured, request: AssessmentRequest): Promise<Assessment> {
  const { gate, root, suites } = request;
  const counted = withoutExcluded(measured, root, matchesAny(gate.exclude));
  const [changes, base] = await Promise.all([changesOf(counted.all, request), figureOfBase(request)]);
  const mixingSuites = suites.filter(({ runner }) => runner === "pytest").map(({ name }) => name);
  const expected = suites.map(({ name, directory, source }) => ({ suite: name, directory, source }));
  return {
    summary: judge(counted, { gate, root, changes, base, mixingSuites }),
    coverage: counted.all,
    doubts: coverageDoubts(measured, { root, suites: expected, counted: counted.bySuite }),
    notes: [
      ...elsewhereNotes(measured),
      ...unlistedNotes(measured, request),
      ...changeNotes(changes),
      ...ratchetNotes(request, base),
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

async function changesOf(coverage: Coverage, request: AssessmentRequest): Promise<ChangedLines | null> {
  const { added, git, root, suites, gate } = request;
  if (added === null) return null;
  const generated = await generatedFiles(git, [...added.keys()]);
  const isExcluded = matchesAny(gate.exclude);
  return measureChanges(added, changedFiles({ root, coverage, suites, isExcluded, generated }));
}

/** A commit of the base branch itself is held against the one before it. */
async function figureOfBase({
  gate,
  git,
  figures,
  mergeBase,
  commit,
}: AssessmentRequest): Promise<RecordedFigure | null> {
  if (!gate.ratchet || mergeBase === "none") return null;
  return await figures.nearest(git, mergeBase === "itself" ? `${commit}~1` : mergeBase.mergeBase);
}

function elsewhereNotes({ elsewhere }: Measured): string[] {
  if (elsewhere.length === 0) return [];
  return [`Not counted, as no part of the verified files: ${some(elsewhere)}.`];
}

function unlistedNotes({ bySuite, tracked }: Measured, { root, suites }: AssessmentRequest): string[] {
  const notes = suites
    .filter(({ runner }) => runner === "pytest")
    .map(({ name, directory, source }) =>
      unlistedNote({ root, tracked, suite: name, directory, source, coverage: bySuite.get(name) ?? new Map() }),
    );
  return notes.filter((note) => note !== null);
}

function changeNotes(changes: ChangedLines | null): string[] {
  if (changes === null) return [];
  const { exclusions, leftOut } = changes;
  const places = exclusions.map(({ file, line }) => `${file}:${line}`);
  return [
    ...(places.length === 0
      ? []
      : [`These changes exclude code from coverage in ${plural(places.length, "place")}: ${some(places)}.`]),
    ...(leftOut.length === 0
      ? []
      : [`Changed, but outside of what the suites' \`source\` names, so not held to the gate: ${some(leftOut)}.`]),
  ];
}

function ratchetNotes({ gate, mergeBase }: AssessmentRequest, base: RecordedFigure | null): string[] {
  if (!gate.ratchet || base !== null) return [];
  const name = typeof mergeBase === "string" ? null : mergeBase.base;
  const remedy = name === null ? "verify the base branch once" : `\`npx verify ${name}\` records one`;
  return [`No coverage of the base branch is recorded here, so there was nothing that it could fall below: ${remedy}.`];
}

function some(names: readonly string[]): string {
  return listed(names, 3, (name) => name, "place").join(", ");
}
