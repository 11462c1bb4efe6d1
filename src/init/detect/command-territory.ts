import { posix } from "node:path";
import { isUnder, type ProjectFiles, within } from "../../project/project-files.ts";

const valuedFlags =
  /\s(-r|-c|-p|-t|-g|-o|--(require|import|loader|experimental-loader|config|configs|project|tsconfig|env-file|setupFiles|reporter|reporters|grep|testNamePattern|timeout|test-name-pattern|exclude|ignore))[=\s]\s*("[^"]*"|'[^']*'|\S+)/g;

/** The paths and globs in a command or runner setting, relative to a directory. */
export function namedPaths(project: ProjectFiles, root: string, text: string): string[] {
  return plainWords(text)
    .map((word) => posix.join(".", word))
    .filter((word) => word !== "." && !word.startsWith("..") && isThere(project, root, fixedPart(word)));
}

/** Whether a command names paths, existing or not. */
export function namesPaths(text: string): boolean {
  return plainWords(text).some((word) => /[/*]/.test(word));
}

function plainWords(text: string): string[] {
  const all = text.replace(valuedFlags, " ").match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return all
    .map((word) => word.replace(/^(["'])(.*)\1$/, "$2"))
    .filter((word) => !word.startsWith("-") && !word.includes("node_modules") && !word.includes("="));
}

/** Whether a run with these paths and globs includes a file; without any, all files of the directory. */
export function territoryOf(root: string, paths: readonly string[]): (path: string) => boolean {
  if (paths.length === 0) return (path) => isUnder(root, path);
  const places = paths.map((path) => within(root, fixedPart(path)).replace(/\/$/, ""));
  return (path) => places.some((place) => isUnder(place, path));
}

/** The fixed directory or file at the beginning of a glob. */
function fixedPart(path: string): string {
  return posix.join(".", path.replace(/[^/]*[*{?[(!].*$/, "")).replace(/\/$/, "");
}

function isThere(project: ProjectFiles, root: string, path: string): boolean {
  const place = within(root, path);
  return path === "." || project.has(place) || project.paths.some((other) => isUnder(place, other));
}
