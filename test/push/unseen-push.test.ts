import { expect, test } from "vitest";
import { dryRunOf } from "../../src/push/unseen-push.ts";

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
