import { extname } from "node:path";
import picomatch from "picomatch";

/** The languages that the runners measure. */
export const sourceExtensions: readonly string[] = [
  ...[".py", ".js", ".jsx", ".cjs", ".mjs", ".ts", ".tsx", ".cts", ".mts", ".vue", ".svelte"],
];
const testDirectory = /(?:^|\/)(?:tests?|__tests__|__mocks__|specs?|e2e|cypress)\//i;
const testName = /(?:\.(?:test|spec|cy)\.[^/.]+|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py)$/;
/** What configures tools, and declares what is elsewhere. */
const settingsName = /(?:\.config\.[cm]?[jt]s|\.d\.[cm]?ts|(?:^|\/)(?:setup|noxfile|tasks)\.py|(?:^|\/)\.[^/]*)$/;

/** Whether a file is written in a language that can be or was measured, and is neither a test nor a tool's settings. */
export function isSourceFile(file: string, measured: ReadonlySet<string> = new Set()): boolean {
  const extension = extname(file);
  const isKnown = sourceExtensions.includes(extension) || (extension !== "" && measured.has(extension));
  return isKnown && !isTestFile(file) && !settingsName.test(file);
}

/** Whether a file, relative to the repo's root, is a test or helps tests, by the names that the field gives them. */
export function isTestFile(file: string): boolean {
  return testDirectory.test(file) || testName.test(file);
}

/** Whether a file, relative to the repo's root, matches one of the globs, and none of those that begin with `!`. */
export function matchesAny(globs: readonly string[]): (file: string) => boolean {
  const taken = globs.filter((glob) => !glob.startsWith("!"));
  const left = globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1));
  if (taken.length === 0) return () => false;
  const isTaken = picomatch([...taken], { dot: true });
  const isLeft = left.length === 0 ? () => false : picomatch(left, { dot: true });
  return (file) => isTaken(file) && !isLeft(file);
}
