import { expect, test } from "vitest";
import { dryRunOf, isDryRun, parsePush } from "../../src/push/push-command.ts";

test.each([
  ["git push", [], []],
  ["/usr/lib/git-core/git push -q origin main", [], ["-q", "origin", "main"]],
  ["git -C web -c a.b=push -c c.d push origin", ["-c", "a.b=push", "-c", "c.d"], ["origin"]],
  ["git --no-pager --config-env=a.b=X push", ["--config-env=a.b=X"], []],
  ["git --config-env a.b=X push", ["--config-env", "a.b=X"], []],
  ["git --git-dir=/x --work-tree=/y --namespace=z push origin", [], ["origin"]],
  ["git --git-dir /x --work-tree push push origin", [], ["origin"]],
  ["git --exec-path=/z --no-replace-objects --literal-pathspecs --bare push", [], []],
])("reads %j as a push", (line, settings, args) => {
  expect(parsePush(line.split(" "))).toEqual({ settings, args });
});

test.each(["git fetch", "git", "gitk push", "sh push", "git stash push", "git --git-dir push", "git --unknown push"])(
  "takes %j for none that can be repeated",
  (line) => {
    expect(parsePush(line.split(" "))).toBeNull();
  },
);

test.each([
  ["--dry-run origin main", true],
  ["origin main --dry-run", true],
  ["--dry origin", true],
  ["-n", true],
  ["-fun origin", true],
  ["origin main", false],
  ["-u origin main", false],
  ["-o name origin", false],
  ["--no-verify origin", false],
  ["origin -- --dry-run", false],
])("git push %s: a dry run, or none", (words, isDry) => {
  expect(isDryRun({ args: words.split(" ") })).toBe(isDry);
});

const ours = ["--dry-run", "--porcelain", "--no-quiet", "--no-verify", "--recurse-submodules=no"];
const before = ["-c", "core.hooksPath=/dev/null", "push", "--dry-run"];

test("a push is repeated as a dry run that no option of the user's undoes", () => {
  const args = ["--no-dry-run", "--verify", "origin", "main"];
  expect(dryRunOf({ settings: ["-c", "a.b=c"], args })).toEqual(["-c", "a.b=c", ...before, ...args, ...ours]);
});

test("what stands behind a separator is no option", () => {
  expect(dryRunOf({ settings: [], args: ["-q", "--", "origin"] })).toEqual([...before, "-q", ...ours, "--", "origin"]);
});

test("a separator that is an option's value leaves the push a dry run", () => {
  expect(dryRunOf({ settings: [], args: ["-o", "--", "origin"] }).indexOf("--dry-run")).toBeLessThan(
    dryRunOf({ settings: [], args: ["-o", "--", "origin"] }).indexOf("-o"),
  );
});
