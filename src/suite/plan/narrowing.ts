import { runnerFacts } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import { withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";

/** What keeps tests of a suite from being run, by its own command or its runner's configuration. */
export interface Narrowing {
  /**
   * By what tests are left out: git's state, what failed before, their number (a shard), or a choice that is the same in
   * every run; `all` where nothing is really run.
   */
  readonly by: "git" | "failures" | "number" | "all" | "choice";
  /** As the user writes it, such as `--changed` or `-k "not slow"`. */
  readonly word: string;
}

/** The variable that has the adapters end a run that may not be narrowed before any test of it runs. */
export const narrowingVariable = "VERIFY_NARROWING";

/** Whether a run with these arguments behind `--` may be narrowed by anything: it proves nothing in any case. */
export function allowsNarrowing(added: readonly string[]): boolean {
  return added.length > 0;
}

/** Throws RequestError where tests are left out by what is not part of the commit. A choice that is always the same is the user's. */
export function refuseNarrowing({ name, command }: SuiteConfig, narrowings: readonly Narrowing[]): void {
  const found = narrowings.find(({ by }) => by !== "choice");
  if (found === undefined || found.by === "choice") return;
  throw new RequestError(
    `${name} ${reasons[found.by]} (${found.word}), so its pass says nothing about the commit. Take ${found.word} out of its command (\`${command}\`) or its configuration.`,
  );
}

const reasons: Readonly<Record<Exclude<Narrowing["by"], "choice">, string>> = {
  git: "selects its tests by git's state",
  failures: "selects its tests by what failed before",
  number: "runs only one shard of its tests, where each new file moves others",
  all: "runs none of its tests",
};

/** What a reader should know of a suite that runs a part of its tests by a choice of its own, a sentence; none elsewhere. */
export function choiceNotes(name: string, narrowings: readonly Narrowing[]): string[] {
  const words = narrowings.filter(({ by }) => by === "choice").map(({ word }) => word);
  if (words.length === 0) return [];
  return [`${name} runs a part of its tests, which its command or configuration chooses: ${words.join(", ")}.`];
}

/**
 * What a command says where no runner of ours could say it: of tools that call the runner only where git's state tells them
 * to, and all of the runner `command`. The scripts behind `npm test` and the like count as well.
 */
export function narrowingsOfCommand({ command, runner }: SuiteConfig, directory: string): Narrowing[] {
  const words = withScripts(command, directory).join(" ; ").replace(/["']/g, "");
  const patterns = [
    ...tools.map((pattern) => ["git", pattern] as const),
    ...(runnerFacts[runner].isAdapted ? [] : optionsOfAnyRunner),
  ];
  return patterns.flatMap(([by, pattern]): Narrowing[] => {
    const word = pattern.exec(words)?.groups?.word;
    return word === undefined ? [] : [{ by, word: word.trim() }];
  });
}

const tools: readonly RegExp[] = [
  /(?:^|[\s/])(?:turbo|moon|nx)\s[^;&|]*?(?<word>\s--affected)(?![\w-])/,
  /(?:^|[\s/])(?<word>nx\s+affected)(?![\w-])/,
  /(?:^|[\s/])(?<word>moon\s+ci)(?![\w-])/,
  // [HEAD^1], ...[main], {./packages/*}[$(git merge-base main HEAD)]
  /(?:^|[\s/])(?:turbo|pnpm)\s[^;&|]*?(?<word>\s(?:--filter|-F)[=\s]\s*[^\s[]*\[[^\]]+\]\S*)/,
  /(?:^|[\s/])(?:turbo|lerna|lage|yarn\s+workspaces)\s[^;&|]*?(?<word>\s--since)(?![\w-])/,
  /(?:^|[\s/])rush\s[^;&|]*?(?<word>\s(?:--impacted-by|--from|--to|--only)\s+git:\S+)/,
  /(?:^|[\s/])pants\s[^;&|]*?(?<word>\s--changed-(?:since|dependents))(?![\w-])/,
  // What it prints is made words of the command, or input of the next; by itself, as with --exit-code, it only checks.
  /(?:\$\(|`)\s*(?<word>git\s+(?:-c\s+\S+\s+|-\S+\s+)*(?:diff|diff-index|diff-tree|diff-files|status))(?![\w-])/,
  /(?:^|[\s/(])(?<word>git\s+(?:-c\s+\S+\s+|-\S+\s+)*(?:diff|diff-index|diff-tree|diff-files|status))(?![\w-])[^;&|]*\|(?!\|)/,
];

/** As playwright, jest, vitest, pytest and cargo nextest have them. */
const optionsOfAnyRunner: readonly (readonly [Narrowing["by"], RegExp])[] = [
  ["git", /(?<word>\s--(?:only-changed|onlyChanged|changed|changedSince|lastCommit|testmon|picked)(?:=\S+)?)(?=\s|$)/],
  ["failures", /(?<word>\s--(?:last-failed|lf|onlyFailures|only-failures|stepwise|sw|rerun-failed))(?=[\s=]|$)/],
  ["number", /(?<word>\s--(?:shard|partition)[=\s]\S+)/],
];
