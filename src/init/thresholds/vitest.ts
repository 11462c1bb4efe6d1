import { computed, recordOf } from "../../project/parsers/loose-values.ts";
import { literalUnder } from "../../project/parsers/object-literal.ts";
import { type ProjectFiles, within } from "../../project/project-files.ts";
import type { DetectedSuite } from "../detect/detected-suite.ts";
import { vitestFiles } from "../detect/vitest.ts";
import {
  allCovered,
  type FoundThresholds,
  floorsOf,
  isNegated,
  isUnreadKey,
  negatedNote,
  type ReadFigures,
  readFigures,
  unofferedOf,
  unread,
  unreadMembers,
} from "./found.ts";

const ownKeys = /^(lines|branches|functions|statements|perFile|autoUpdate|100)$/;

/** `coverage.thresholds` in a directory's vitest configuration; null where there is none. */
export function vitestThresholds(
  project: ProjectFiles,
  root: string,
  { command }: Partial<Pick<DetectedSuite, "command">> = {},
): FoundThresholds | null {
  for (const path of vitestFiles(project, root, command)) {
    const written = literalUnder(project.read(path) ?? "", "coverage", "thresholds");
    if (written === undefined) continue;
    const place = `${path} (coverage.thresholds)`;
    return written === computed
      ? { place, figures: {}, notes: [unread] }
      : { place, ...offered(recordOf(written), root) };
  }
  return null;
}

function offered(written: Readonly<Record<string, unknown>>, root: string): Omit<FoundThresholds, "place"> {
  const { figures, notes } = figuresOf(written);
  const isPerFile = written.perFile === true;
  const others = Object.entries(written).filter(([key, inner]) => !ownKeys.test(key) && !isUnreadKey(key, inner));
  const globs = others.filter(([glob]) => !isNegated(glob));
  const read = globs.map(([glob, inner]) => ({ glob, ...figuresOf(recordOf(inner), `${glob}: `) }));
  const files = floorsOf(
    read.flatMap(({ glob, figures: { lines } }) => (lines === undefined ? [] : [[within(root, glob), lines] as const])),
  );
  return {
    figures,
    ...(isPerFile && figures.lines !== undefined ? { eachFile: figures.lines } : {}),
    files,
    notes: [
      ...notes,
      ...(isPerFile && (figures.branches ?? figures.functions) !== undefined
        ? ["branches and functions are held per file there, and for all files together here"]
        : []),
      ...others.flatMap(([glob]) => (isNegated(glob) ? [negatedNote(glob)] : [])),
      ...globs.flatMap(([glob, inner]) => (inner === computed ? [`${glob}: ${unread}`] : [])),
      ...read.flatMap((glob) => glob.notes),
      ...read.flatMap(({ glob, figures: { branches, functions } }) => unofferedOf(glob, branches, functions)),
      ...(!isPerFile && Object.keys(files).length > 0
        ? ["the files of a glob are held together there, and each of them here"]
        : []),
    ],
  };
}

function figuresOf(written: Readonly<Record<string, unknown>>, label = ""): ReadFigures {
  return written["100"] === true
    ? { ...allCovered, notes: unreadMembers(written, label) }
    : readFigures(written, label);
}
