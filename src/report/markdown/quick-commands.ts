import { isBaseOf } from "../../git/merge-base.ts";
import type { Summary } from "../../model/summary.ts";
import { quote } from "../../shared/shell.ts";
import { shortId } from "../../shared/text.ts";

/** A command, and what it is for. */
export interface QuickCommand {
  readonly what: string;
  readonly command: string;
}

/** The commands that come next after a run: true for its branch and its remote, and only where they can be. */
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
  // Of a reused proof the files of orders are gone.
  const orders = suites.flatMap(({ failures }) => failures.map(({ race }) => race?.repeat ?? null));
  const [order] = receipt?.reused ? [] : orders.filter((command) => command !== null);
  return [
    { what: "Verify it again", command: repeat },
    ...(order === undefined
      ? []
      : [{ what: "Run the tests before the flaky failure again, in the same order", command: order }]),
  ];
}

/** The remote's branch as it was before; of the base branch, which others have by then, the changes are taken back by new commits. */
function goingBack({ destination, commit, changes, verifiedIn, verdict }: Summary): QuickCommand[] {
  // What is not verified is not pushed.
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
