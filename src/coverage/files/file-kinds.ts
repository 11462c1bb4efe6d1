import { extname } from "node:path";
import picomatch from "picomatch";

/** The languages that the runners measure. */
export const sourceExtensions: readonly string[] = [
  ...[".py", ".js", ".jsx", ".cjs", ".mjs", ".ts", ".tsx", ".cts", ".mts", ".vue", ".svelte"],
];
/** Directory names that may mean tests or source, such as `specs`. */
const maybeTestDirectory = /^(?:specs?|e2e)$/i;
const testDirectory = /^(?:tests?|__tests__|__mocks__|cypress)$/i;
const testName =
  /(?:\.(?:test|spec|cy)\.[^/.]+|(?:^|\/)(?:test_[^/]*|conftest)\.py|_(?:test|spec)\.(?:py|go|rb|rs|exs|dart|c|cc|cpp|cxx))$/;
/** Tool configuration and type declarations. */
const settingsName = /(?:\.config\.[cm]?[jt]s|\.d\.[cm]?ts|(?:^|\/)(?:setup|noxfile|tasks)\.py|(?:^|\/)\.[^/]*)$/;

/** Whether a file is in a measurable language and is not a tool's configuration. */
export function isInLanguage(file: string, measured: ReadonlySet<string> = new Set()): boolean {
  const extension = extname(file);
  const isKnown = sourceExtensions.includes(extension) || (extension !== "" && measured.has(extension));
  return isKnown && !settingsName.test(file);
}

/** Whether a file may be source, by its name; `specs` and `e2e` may be either. */
export function mayBeSource(file: string, measured: ReadonlySet<string> = new Set()): boolean {
  return isInLanguage(file, measured) && !isTestName(file) && testDirectoryOf(file)?.isCertain !== true;
}

/** Whether a file, relative to the repository's root, is a test or test helper by common naming conventions. */
export function isTestFile(file: string): boolean {
  return isTestName(file) || testDirectoryOf(file) !== null;
}

/** Whether a file is named like a test. */
export function isTestName(file: string): boolean {
  return testName.test(file);
}

/** A directory that is named like a test directory. */
export interface TestDirectory {
  /** Relative to the repo's root, such as "shop/specs". */
  readonly name: string;
  /** Whether only tests use that name. */
  readonly isCertain: boolean;
}

/** The outermost test directory of a file, relative to the repository's root; null where there is none. */
export function testDirectoryOf(file: string): TestDirectory | null {
  const directories = file.split("/").slice(0, -1);
  const index = directories.findIndex((name) => testDirectory.test(name) || maybeTestDirectory.test(name));
  if (index < 0) return null;
  const isCertain = directories.some((name) => testDirectory.test(name));
  return { name: directories.slice(0, index + 1).join("/"), isCertain };
}

/** Whether a file, relative to the repository's root, matches one of the globs and none of those with a leading `!`. */
export function matchesAny(globs: readonly string[]): (file: string) => boolean {
  const taken = globs.filter((glob) => !glob.startsWith("!"));
  const left = globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1));
  if (taken.length === 0) return () => false;
  const isTaken = picomatch([...taken], { dot: true });
  const isLeft = left.length === 0 ? () => false : picomatch(left, { dot: true });
  return (file) => isTaken(file) && !isLeft(file);
}
