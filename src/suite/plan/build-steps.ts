import { scriptOf, withoutAssignments } from "../../project/package-script.ts";
import { readProjectFile } from "../../project/read-project-file.ts";

/** A suite's command, cut behind what it builds first. */
export interface BuiltCommand {
  readonly build: string;
  /** What runs the tests. */
  readonly tests: string;
}

const compilers =
  /^(?:npx\s+)?(?:(?:tsc|vue-tsc|tsc-alias|babel|swc|esbuild|rollup|webpack|tsup|unbuild)(?=\s|$)|vite\s+build\b|prisma\s+generate\b)/;
const cleaners =
  /^(?:npx\s+)?(?:rm\s+-rf?|rimraf|shx\s+rm\s+-rf|del-cli)(?:\s+(?:\.\/)?(?:dist|build|lib|out|compiled|cjs|esm)(?:\/[\w./*-]*)?)+$/;
const buildScript =
  /^(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:-s\s+|--silent\s+)?((?:[\w-]+:)*(?:build|compile|transpile|tsc|clean)(?:[:-][\w:-]+)?)$/;
/** What a shell does more with than run a program, and what keeps one running. */
const notPlain = /[;|&`$<>()\n]|\s(?:--watch|-w)(?=\s|$)/;

/**
 * Cuts a command where its build ends and its tests begin, so that the build of several processes can be run once; null where
 * it builds nothing, or what stands in front may do more than write the same files again, such as fill a database.
 */
export function builtCommand(command: string, directory: string): BuiltCommand | null {
  const steps = command.split("&&");
  const first = steps.findIndex((step) => !isBuild(step, directory, []));
  const tests = steps.slice(Math.max(0, first));
  // What else the shell is told about all of it holds for the build as well.
  if (first < 1 || tests.length > 1 || /[;|&\n]/.test(tests.join())) return null;
  return { build: steps.slice(0, first).join("&&").trim(), tests: tests.join("&&").trim() };
}

function isBuild(step: string, directory: string, callers: readonly string[]): boolean {
  const plain = withoutAssignments(step).trim();
  if (notPlain.test(plain)) return false;
  if (compilers.test(plain) || cleaners.test(plain)) return true;
  const script = buildScript.exec(plain)?.[1];
  if (script === undefined || callers.includes(script)) return false;
  const text = scriptOf(plain.replace(/\s(?:-s|--silent)(?=\s)/, ""), directory);
  const inner = [...callers, script];
  return text !== "" && !hasHooks(script, directory) && text.split("&&").every((one) => isBuild(one, directory, inner));
}

/** Whether npm runs another script before or behind it. */
function hasHooks(script: string, directory: string): boolean {
  return new RegExp(`"(?:pre|post)${script}"\\s*:`).test(readProjectFile(directory, "package.json") ?? "");
}
