import { readPackageFile } from "../../project/package-file.ts";
import { computed, recordOf } from "../../project/parsers/loose-values.ts";
import { literalOf } from "../../project/parsers/object-literal.ts";
import { entriesOf, isUnder, type ProjectFiles, within } from "../../project/project-files.ts";
import { jestFile } from "../detect/javascript.ts";
import { type FoundThresholds, floorsOf, isNegated, negatedNote, readFigures, unofferedOf, unread } from "./found.ts";

/** `coverageThreshold` in a directory's jest configuration; null where there is none. */
export function jestThresholds(project: ProjectFiles, root: string): FoundThresholds | null {
  for (const [place, written] of configurations(project, root)) {
    if (written === undefined) continue;
    return written === computed
      ? { place, figures: {}, notes: [unread] }
      : { place, ...offered(project, root, recordOf(written)) };
  }
  return null;
}

function configurations(project: ProjectFiles, root: string): [string, unknown][] {
  const file = entriesOf(project, root).find((name) => jestFile.test(name));
  const own = file === undefined ? undefined : literalOf(project.read(within(root, file)) ?? "", "coverageThreshold");
  const fields = recordOf(readPackageFile(project, root));
  return [
    [`${within(root, file ?? "")} (coverageThreshold)`, own],
    [`${within(root, "package.json")} (jest.coverageThreshold)`, recordOf(fields.jest).coverageThreshold],
  ];
}

function offered(
  project: ProjectFiles,
  root: string,
  written: Readonly<Record<string, unknown>>,
): Omit<FoundThresholds, "place"> {
  const { figures, notes } = readFigures(recordOf(written.global));
  const floors: (readonly [string, number])[] = [];
  const pathNotes: string[] = [];
  let holdsDirectory = false;
  for (const [key, inner] of Object.entries(written)) {
    if (inner === computed) pathNotes.push(key === "..." ? `what is spread into it is ${unread}` : `${key}: ${unread}`);
    if (inner === computed || key === "global") continue;
    const inRoot = key.replace(/^<rootDir>\//, "");
    if (isNegated(inRoot)) {
      pathNotes.push(negatedNote(key));
      continue;
    }
    const path = within(root, inRoot);
    if (key.startsWith("/") || path.startsWith("..")) {
      pathNotes.push(`${key} lies outside of the repository: not taken over`);
      continue;
    }
    const { glob, isDirectory } = globOf(project, path);
    const read = readFigures(recordOf(inner), `${key}: `);
    const { lines, branches, functions } = read.figures;
    if (lines !== undefined) floors.push([glob, lines]);
    if (lines !== undefined && isDirectory) holdsDirectory = true;
    pathNotes.push(...read.notes, ...unofferedOf(key, branches, functions));
  }
  if (holdsDirectory) pathNotes.push("the files of a directory are held together there, and each of them here");
  return { figures, files: floorsOf(floors), notes: [...notes, ...pathNotes] };
}

/** For jest, a directory includes everything in it. */
function globOf(project: ProjectFiles, path: string): { readonly glob: string; readonly isDirectory: boolean } {
  const directory = path.replace(/\/$/, "");
  const isDirectory =
    path.endsWith("/") || project.paths.some((file) => file !== directory && isUnder(directory, file));
  return { glob: isDirectory ? within(directory, "**") : path, isDirectory };
}
