import { isUnder, type ProjectFiles, within } from "./project-files.ts";

const importLine = /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#]+))/gm;

/**
 * The project's own modules that Python files of a directory import: files and directories relative to `root` or its
 * `src`.
 */
export function importedPaths(project: ProjectFiles, root: string, directory: string): string[] {
  const files = project.paths.filter((path) => path.endsWith(".py") && isUnder(directory, path));
  const modules = files.flatMap((file) => modulesIn(project.read(file) ?? ""));
  return [...new Set(modules.flatMap((names) => firstPath(project, root, names)))].sort();
}

/** The possible module names of each import: `a.b` before `a` for `from a import b`. */
function modulesIn(text: string): string[][] {
  return [...text.matchAll(importLine)].flatMap(([, from, names = "", plain = ""]) => {
    // The first word of `money as m`.
    const words = (list: string): string[] => list.split(",").flatMap((part) => /[\w.]+/.exec(part)?.[0] ?? []);
    if (from === undefined) return words(plain).map((name) => [name]);
    // A relative import stays in the directory.
    if (from.startsWith(".")) return [];
    return names.trim() === "*" ? [[from]] : words(names).map((name) => [`${from}.${name}`, from]);
  });
}

function firstPath(project: ProjectFiles, root: string, names: readonly string[]): string[] {
  for (const name of names) {
    const path = name.replaceAll(".", "/");
    for (const base of [path, `src/${path}`]) {
      if (project.has(within(root, `${base}.py`))) return [`${base}.py`];
      if (project.has(within(root, `${base}/__init__.py`))) return [base];
    }
  }
  return [];
}
