import type { PackageFile } from "./detect-vitest.ts";
import type { FoundCommand } from "./vitest-command.ts";

/** The runners that a script may start. */
export type ScriptRunner = "jest" | "mocha" | "node" | "vitest";

const started: Readonly<Record<ScriptRunner, RegExp>> = {
  jest: /(^|[\s/])jest(\.js)?(?=\s|$)/,
  mocha: /(^|[\s/])_?mocha(\.js)?(?=\s|$)/,
  node: /(^|\s)node\b[^&|;]*\s--test(?=\s|$)/,
  vitest: /(^|[\s/])vitest(?=\s|$)/,
};

/** Coverage is measured from outside, with whatever runs the tests. */
const coverageProgram =
  /^((?:\S+=\S*\s+|cross-env\s+)*)(?:npx\s+)?(?:c8|nyc)(?:\s+(?:--(?:lines|branches|functions|statements|reporter|reports?-dir|temp-dir(?:ectory)?|include|exclude|extension|src|config|nycrc-path|cwd|require)|-[rnxoeci])\s+[^-\s]\S*|\s+-\S+)*\s+/;
/** Flags that are added from outside, or that would keep the run from ending. */
const dropped =
  /\s(?:--watch(?:All)?|-w(?!\s*\d)|--coverage|--collectCoverage|--passWithNoTests|--experimental-test-coverage)(?=\s|$)/g;

/** The command of a script. */
export interface ScriptCommand extends FoundCommand {
  /** The script's name. */
  readonly script: string;
  /** How c8 or nyc is called in front of it, flags and all; empty where neither is. */
  readonly measuring: string;
}

/**
 * What a package's test script runs, without the package manager in between; null where it starts another runner, or hands
 * on to the packages. What the script does before stays in front.
 */
export function scriptCommand({ scripts }: PackageFile, runner: ScriptRunner): ScriptCommand | null {
  for (const script of ["test", "test:unit", "test:integration", "unit"]) {
    const written = scripts?.[script]?.trim();
    if (written === undefined) continue;
    const steps = written.split(/\s*&&\s*/);
    const last = steps.at(-1) ?? "";
    const plain = last.replace(coverageProgram, "$1").replace(/^(?:npx|bunx|pnpm exec|yarn exec)\s+/, "");
    const others = (Object.keys(started) as ScriptRunner[]).filter((other) => other !== runner && other !== "node");
    if (!started[runner].test(plain) || /[;|]/.test(plain) || others.some((other) => started[other].test(plain)))
      continue;
    const text = [...steps.slice(0, -1), plain.replace(dropped, "")].join(" && ");
    const measuring = coverageProgram.exec(last)?.[0] ?? "";
    const measured = measuring === "" ? [] : ["without c8 or nyc, as coverage is measured from outside"];
    const notes = [`runs what the script "${script}" of package.json runs`, ...measured];
    return { text, notes, script, measuring };
  }
  return null;
}
