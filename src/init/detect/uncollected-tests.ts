import { posix } from "node:path";
import { isUnder, type ProjectFiles } from "../../project/project-files.ts";
import { plural } from "../../shared/text.ts";

const defaultName = /^(test_.*|.*_test)\.py$/;
/** A class of tests, or a function that pytest would take for one: helpers have neither. */
const heldTest = /^class\s+\w+\([^)\n]*TestCase[^)\n]*\):[^\0]*?^\s+def\s+test|^(?:async\s+)?def\s+test_/m;

/**
 * The note on files of a test directory that hold tests, and that pytest passes over for their names; null where there are
 * none. A project that says by itself which names count has left them out on purpose.
 */
export function uncollectedNote(
  project: ProjectFiles,
  root: string,
  settings: ReadonlyMap<string, string> | null,
): string | null {
  if (settings?.has("python_files")) return null;
  const files = project.paths.filter(
    (path) => isUnder(root, path) && isPassedOver(path) && heldTest.test(project.read(path) ?? ""),
  );
  const [first] = files;
  if (first === undefined) return null;
  return `not run: the tests in ${plural(files.length, "file")} that pytest does not collect by name, such as ${first}: "python_files" in pytest's configuration says which names count`;
}

/** Whether a file looks like one of tests by its place, and not by its name. */
function isPassedOver(path: string): boolean {
  const name = posix.basename(path);
  const isPlaced =
    name === "tests.py" ||
    posix
      .dirname(path)
      .split("/")
      .some((part) => /^tests?$/.test(part));
  return isPlaced && name.endsWith(".py") && name !== "conftest.py" && !defaultName.test(name);
}
