import { readFileSync } from "node:fs";
import { globSync } from "tinyglobby";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";

/**
 * What git learned after 2.31, which is the oldest that we promise, as far as a program like this one could use it: from
 * git's release notes, with the version that brought it.
 */
const newer: Readonly<Record<string, RegExp>> = {
  "commit --trailer, 2.32": /"--trailer\b/,
  "fetch --negotiate-only, 2.32": /--negotiate-only/,
  "rev-list --unsorted-input, 2.34": /--unsorted-input/,
  "worktree add --reason, 2.33": /"--reason/,
  "stash push --staged, 2.35": /"--staged"/,
  "diff --remerge-diff, 2.35": /--remerge-diff/,
  "cat-file --batch-command, 2.36": /--batch-command/,
  "fetch --refetch, 2.36": /--refetch/,
  "ls-tree --format, --object-only, 2.36": /--object-only|"ls-tree"[^\n]*--format/,
  "ls-files --format, 2.38": /"ls-files"[^\n]*--format/,
  "merge-tree --write-tree, 2.38": /--write-tree/,
  "clone --bundle-uri, 2.38": /--bundle-uri/,
  "cat-file -z, -Z, 2.38 and 2.42": /"cat-file"[^\n]*"-[zZ]"/,
  "fetch --porcelain, 2.41": /"fetch"[^\n]*--porcelain/,
  "for-each-ref --exclude, 2.42": /"for-each-ref"[^\n]*--exclude/,
  "worktree add --orphan, 2.42": /"worktree"[^\n]*--orphan/,
  "show-ref --exists, 2.43": /"show-ref"[^\n]*--exists/,
  "rev-parse --show-ref-format, 2.44": /--show-ref-format/,
  "init --ref-format, 2.45": /--ref-format/,
  "config get, set, list, 2.46": /"config", "(?:get|set|list|unset)"/,
  "ls-remote --branches, 2.46": /"ls-remote"[^\n]*--branches/,
  "worktree list -z, 2.36": /"worktree", "list"[\s\S]{0,200}"-z"/,
};

/** Where one of these stands beside what an older git understands, which test/push/worktrees.test.ts tries. */
const withFallback = new Set(["src/push/worktrees.ts: worktree list -z, 2.36"]);

test("git is asked for nothing that 2.31 does not know, but where we can do without", () => {
  const files = globSync(["src/**/*.ts", "hooks/*"], { cwd: packageRoot });
  const used = files.flatMap((file) => {
    const text = readFileSync(`${packageRoot}/${file}`, "utf8");
    return Object.entries(newer)
      .filter(([, pattern]) => pattern.test(text))
      .map(([name]) => `${file}: ${name}`);
  });
  expect(used.filter((use) => !withFallback.has(use))).toEqual([]);
  expect(used).toEqual([...withFallback]);
});
