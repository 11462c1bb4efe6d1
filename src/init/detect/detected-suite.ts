import type { RunnerName } from "../../config/runner-facts.ts";

/** A detected suite, ready to be configured. */
export interface DetectedSuite {
  /** Relative to the repo's root. */
  readonly root: string;
  readonly runner: RunnerName;
  readonly command: string;
  /** Relative to `root`; empty where the runner's configuration decides. */
  readonly source: readonly string[];
  /** The project's own name, if any; used for a suite at the repository's root. */
  readonly projectName: string | undefined;
  /** Where it was found, and what to check; one line each. */
  readonly notes: readonly string[];
  /** Distinguishes suites of one runner in one directory. */
  readonly label?: string;
  /** The line coverage in percent that the command's script requires, and where. */
  readonly failUnder?: { readonly share: number; readonly place: string };
}

/** What distinguishes a command from other runs of the runner: its configuration's name, project, or file. */
export function labelOf(command: string): string {
  const [, config] = /\s(?:-c|--config)[=\s]\s*["']?(\S+?)["']?(?=\s|$)/.exec(command) ?? [];
  if (config !== undefined) {
    const words = config.split("/").at(-1)?.split(/[.-]/) ?? [];
    const own = words.filter(
      (word) => !/^(vitest|vite|jest|mocharc|config|workspace|[cm]?[jt]s|json|ya?ml)?$/.test(word),
    );
    if (own.length > 0) return own.join("-");
  }
  const [, named] = /\s(?:--project|--selectProjects|--dir)[=\s]\s*["']?([\w-]+)/.exec(command) ?? [];
  return (
    named ?? /\s["']?(?:[\w-]+\/)*([\w-]+)(?:\/?\*\S*)?["']?$/.exec(command)?.[1]?.replace(/^run$/, "main") ?? "main"
  );
}
