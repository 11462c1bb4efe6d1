import type { RunnerName } from "../../config/runner-facts.ts";

/** A suite that was found, as it would be configured. */
export interface DetectedSuite {
  /** Relative to the repo's root. */
  readonly root: string;
  readonly runner: RunnerName;
  readonly command: string;
  /** Relative to `root`; empty where the runner's own configuration, or nothing, says it. */
  readonly source: readonly string[];
  /** What the project itself is called, where it says so; names a suite at the repo's root. */
  readonly projectName: string | undefined;
  /** What was read where, and what a reader should check; one line each. */
  readonly notes: readonly string[];
  /** What tells it from another suite of the same runner there. */
  readonly label?: string;
  /** The share of lines, in percent, that the script of the command asks for, and where it says so. */
  readonly failUnder?: { readonly share: number; readonly place: string };
}

/** What a command says of which of several runs it is: its configuration's name, its project, or the file that it names. */
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
