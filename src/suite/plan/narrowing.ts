import { runnerFacts } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import { withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";

/** Something that keeps part of a suite's tests from running: its own command, or its runner's configuration. */
export interface Narrowing {
  /**
   * How the tests are chosen: by git's state, by earlier failures, by number (a shard), or by a fixed choice; `all`
   * where no test really runs.
   */
  readonly by: "git" | "failures" | "number" | "all" | "choice";
  /** As the user writes it, such as `--changed` or `-k "not slow"`. */
  readonly word: string;
}

/** The variable that tells adapters to stop a run that must not be narrowed before its first test. */
export const narrowingVariable = "VERIFY_NARROWING";

/** Whether these arguments after `--` may narrow the run: such a run is never proof. */
export function allowsNarrowing(added: readonly string[]): boolean {
  return added.length > 0;
}

/**
 * Throws RequestError where tests are left out for reasons that are not part of the commit. A fixed choice is up to the
 * user.
 */
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

/** A note for a suite that chooses to run only part of its tests; none otherwise. */
export function choiceNotes(name: string, narrowings: readonly Narrowing[]): string[] {
  const words = narrowings.filter(({ by }) => by === "choice").map(({ word }) => word);
  if (words.length === 0) return [];
  return [`${name} runs a part of its tests, which its command or configuration chooses: ${words.join(", ")}.`];
}

/**
 * Narrowings that can be read from the command alone: from tools that call the runner only for what git shows as
 * changed, and for the runner `command`. Scripts behind `npm test` and similar are included.
 */
export function narrowingsOfCommand({ command, runner }: SuiteConfig, directory: string): Narrowing[] {
  const script = withScripts(command, directory).join(" ; ").replace(/["']/g, "");
  const patterns = [
    ...tools.map((pattern) => ["git", pattern] as const),
    ...(runnerFacts[runner].isAdapted ? [] : optionsOfAnyRunner),
  ];
  return patterns.flatMap(([by, pattern]): Narrowing[] => {
    const word = pattern.exec(script)?.groups?.word;
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
  // Its output becomes arguments or input of another command; alone, as with --exit-code, it is only a check.
  /(?:\$\(|`)\s*(?<word>git\s+(?:-c\s+\S+\s+|-\S+\s+)*(?:diff|diff-index|diff-tree|diff-files|status))(?![\w-])/,
  /(?:^|[\s/(])(?<word>git\s+(?:-c\s+\S+\s+|-\S+\s+)*(?:diff|diff-index|diff-tree|diff-files|status))(?![\w-])[^;&|]*\|(?!\|)/,
];

/** As in playwright, jest, vitest, pytest and cargo nextest. */
const optionsOfAnyRunner: readonly (readonly [Narrowing["by"], RegExp])[] = [
  ["git", /(?<word>\s--(?:only-changed|onlyChanged|changed|changedSince|lastCommit|testmon|picked)(?:=\S+)?)(?=\s|$)/],
  ["failures", /(?<word>\s--(?:last-failed|lf|onlyFailures|only-failures|stepwise|sw|rerun-failed))(?=[\s=]|$)/],
  ["number", /(?<word>\s--(?:shard|partition)[=\s]\S+)/],
];
