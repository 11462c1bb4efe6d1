import { type ProjectFiles, projectFiles } from "../../src/project/project-files.ts";

/** A project that exists only as these texts by path. */
export function projectOf(files: Readonly<Record<string, string>>): ProjectFiles {
  return projectFiles(Object.keys(files), (path) => files[path] ?? null);
}

export const aTest = "def test_sum():\n    assert 1 + 1 == 2\n";
