import { posix } from "node:path";
import { onlyReexports } from "../../coverage/diff/code-lines.ts";
import { readPackageFile } from "../../project/package-file.ts";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { entriesOf, isUnder, type ProjectFiles, within } from "../../project/project-files.ts";

/** The source directories of a package, and where they were found. */
export interface JavaScriptSource {
  /** Directories and files, relative to the suite's root; empty means whatever tests load. */
  readonly places: readonly string[];
  readonly note: string;
}

const code = /\.([cm]?[jt]sx?|vue|svelte)$/;
const usual = ["src", "lib", "app"];
/** Directories without source, or with generated files. */
const notSource =
  /^(tests?|__tests__|specs?|e2e|docs?|examples?|demos?|scripts?|tools|bench(marks?)?|fixtures|dist|build|out|output|coverage|node_modules|types|typings|migrations|seeds|public|static|packages|\..*)$/i;
const notSourceFile =
  /(\.d\.[cm]?ts$)|([._-](test|spec|config)\.)|(^test[._-]?\w*\.)|(^(gulpfile|gruntfile|rollup|webpack|vite|vitest|jest|babel|eslint|prettier|knexfile|karma)[.\w-]*\.[cm]?[jt]s$)/i;
const imported = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.{1,2}\/[^"']*|\.{1,2})["']/g;

/**
 * The source of a package: files named by `main`, `exports`, `files` and `bin`, what they import, and the usual
 * directory. A directory counts as a whole where one of its files does.
 */
export function javascriptSource(project: ProjectFiles, root: string): JavaScriptSource {
  const tops = entriesOf(project, root);
  const holdsCode = (name: string): boolean =>
    project.paths.some((path) => isUnder(within(root, name), path) && code.test(path));
  const entries = entryFiles(project, root);
  const loaded = loadedFrom(project, root, entries).map((path) => path.split("/")[0] ?? path);
  const listed = listedFiles(project, root).filter((name) => tops.includes(name));
  // Of several usual directories, the first is the source; others may be generated from it.
  const found = [...usual.filter((name) => tops.includes(name) && holdsCode(name)).slice(0, 1), ...loaded, ...listed];
  const isSource = (name: string): boolean =>
    project.has(within(root, name))
      ? code.test(name) && !notSourceFile.test(name) && !onlyReexports(project.read(within(root, name)) ?? "")
      : (usual.includes(name) || !notSource.test(name)) && holdsCode(name) && !isPackage(project, within(root, name));
  const places = [...new Set(found)].filter(isSource);
  if (places.length === 0)
    return {
      places,
      note: "coverage of what the tests load: neither package.json nor a src, lib or app says what is source",
    };
  const isUsual = places.every((name) => usual.includes(name));
  return {
    places,
    note: `coverage of ${places.join(", ")}${isUsual ? "" : " (what package.json starts from, and what that loads)"}`,
  };
}

function isPackage(project: ProjectFiles, directory: string): boolean {
  return project.has(within(directory, "package.json")) && directory !== ".";
}

/** The entry files in package.json. */
function entryFiles(project: ProjectFiles, root: string): string[] {
  const fields = recordOf(readPackageFile(project, root));
  const named = [fields.main, fields.module, fields.source, ...leaves(fields.exports), ...leaves(fields.bin)];
  const start = /\bnode\s+(?:-\S+\s+)*([\w./-]+)/.exec(String(recordOf(fields.scripts).start ?? ""))?.[1];
  const texts = [...named, start ?? "index"].flatMap((value) => (typeof value === "string" ? [value] : []));
  return [...new Set(texts.flatMap((text) => fileAt(project, root, text) ?? []))];
}

/** The top-level entries of `files`. */
function listedFiles(project: ProjectFiles, root: string): string[] {
  const { files } = recordOf(readPackageFile(project, root));
  const names = Array.isArray(files) ? files.filter((name) => typeof name === "string" && !name.startsWith("!")) : [];
  return names.map((name: string) => posix.join(".", name).split("/")[0] ?? "").filter((name) => !/[*{?]/.test(name));
}

function leaves(value: unknown): unknown[] {
  if (typeof value === "string") return [value];
  return Object.values(recordOf(value)).flatMap(leaves);
}

/** Resolves a path without extension, or a directory, to a project file; undefined where there is none. */
function fileAt(project: ProjectFiles, root: string, written: string): string | undefined {
  const path = posix.join(".", written);
  const stem = path.replace(/\.[cm]?jsx?$/, "");
  const endings = ["js", "ts", "cjs", "mjs", "cts", "mts", "tsx", "jsx"];
  const all = [
    path,
    ...endings.map((ending) => `${stem}.${ending}`),
    ...endings.map((ending) => `${path}/index.${ending}`),
  ];
  return all.find((one) => !one.startsWith("..") && project.has(within(root, one)));
}

/** Files with everything they import from the project, transitively. */
function loadedFrom(project: ProjectFiles, root: string, entries: readonly string[]): string[] {
  const all = [...entries];
  // Grows during the loop.
  for (const file of all) {
    for (const [, target = ""] of (project.read(within(root, file)) ?? "").matchAll(imported)) {
      const found = fileAt(project, root, posix.join(posix.dirname(file), target));
      if (found !== undefined && !all.includes(found)) all.push(found);
    }
  }
  return all;
}
