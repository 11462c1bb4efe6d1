import { isBaseOf } from "../../git/merge-base.ts";
import type { Summary } from "../../model/summary.ts";
import { quote } from "../../shared/shell.ts";
import { shortId } from "../../shared/text.ts";

/** A command, and what it is for. */
export interface QuickCommand {
  readonly what: string;
  readonly command: string;
}

/** Useful next commands, valid for this branch and remote. */
export function quickCommands(summary: Summary): QuickCommand[] {
  return [...pushing(summary), ...repeating(summary), ...goingBack(summary)];
}

function pushing({ verdict, destination, commit, verifiedIn, changes }: Summary): QuickCommand[] {
  if (!destination || verdict !== "verified" || verifiedIn === "working tree") return [];
  const { remote, branch, before } = destination;
  const onBase = changes === null || isBaseOf(changes.base, branch);
  return [
    ...(before === commit ? [] : [{ what: "Push it", command: `git push ${quote(remote)} ${quote(branch)}` }]),
    ...(onBase ? [] : [{ what: "Open the pull request, or bring it up to date", command: "npx verify pr --create" }]),
  ];
}

function repeating({ suites, repeat, receipt }: Summary): QuickCommand[] {
  // For a reused receipt, the order files no longer exist.
  const orders = suites.flatMap(({ failures }) => failures.map(({ race }) => race?.repeat ?? null));
  const [order] = receipt?.reused ? [] : orders.filter((command) => command !== null);
  return [
    { what: "Verify it again", command: repeat },
    ...(order === undefined
      ? []
      : [{ what: "Run the tests before the flaky failure again, in the same order", command: order }]),
  ];
}

/** Resets to the remote branch's earlier commit; on the base branch, which others have by then, uses reverts. */
function goingBack({ destination, commit, changes, verifiedIn, verdict }: Summary): QuickCommand[] {
  // An unverified commit is not pushed.
  if (!destination || verifiedIn === "working tree" || verdict !== "verified") return [];
  const { remote, branch, before } = destination;
  if (before === commit) return [];
  if (changes !== null && isBaseOf(changes.base, branch)) {
    const range = `${shortId(changes.mergeBase)}..${shortId(commit)}`;
    return [
      {
        what: "Take the push back, once it is done",
        command: `git revert --no-edit ${range} && git push ${quote(remote)} ${quote(branch)}`,
      },
    ];
  }
  if (changes === null) return [];
  const command =
    before === null
      ? `git push ${quote(remote)} --delete ${quote(branch)}`
      : `git push --force-with-lease=${quote(`${branch}:${commit}`)} ${quote(remote)} ${quote(`${before}:refs/heads/${branch}`)}`;
  return [{ what: "Take the push back, once it is done", command }];
}
