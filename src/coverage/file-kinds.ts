import picomatch from "picomatch";

/** The languages that the runners measure. */
const sourceExtension = /\.(?:py|[cm]?[jt]sx?|vue|svelte)$/;
const testDirectory = /(?:^|\/)(?:tests?|__tests__|__mocks__|specs?|e2e|cypress)\//i;
const testName = /(?:\.(?:test|spec|cy)\.[^/.]+|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py)$/;
/** What configures tools, and declares what is elsewhere. */
const settingsName = /(?:\.config\.[cm]?[jt]s|\.d\.[cm]?ts|(?:^|\/)(?:setup|noxfile|tasks)\.py|(?:^|\/)\.[^/]*)$/;

/** Whether a file is written in a language whose lines could be measured, and is neither a test nor a tool's settings. */
export function isSourceFile(file: string): boolean {
  return sourceExtension.test(file) && !isTestFile(file) && !settingsName.test(file);
}

/** Whether a file, relative to the repo's root, is a test or helps tests, by the names that the field gives them. */
export function isTestFile(file: string): boolean {
  return testDirectory.test(file) || testName.test(file);
}

/** Whether a file, relative to the repo's root, matches one of the globs. */
export function matchesAny(globs: readonly string[]): (file: string) => boolean {
  if (globs.length === 0) return () => false;
  return picomatch([...globs], { dot: true });
}
