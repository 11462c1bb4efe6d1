import { expect, test } from "vitest";
import { asPush } from "../../src/push/pushing-process.ts";

test.each([
  ["git push", [], []],
  ["/usr/lib/git-core/git push -q origin main", [], ["-q", "origin", "main"]],
  ["git -C web -c a.b=push -c c.d push origin", ["-c", "a.b=push", "-c", "c.d"], ["origin"]],
  ["git --no-pager --config-env=a.b=X push", ["--config-env=a.b=X"], []],
])("reads %j as a push", (line, settings, words) => {
  expect(asPush(line.split(" "))).toEqual({ settings, words });
});

test.each([
  "git fetch",
  "git",
  "gitk push",
  "sh push",
  "git stash push",
  "git --git-dir=/x push",
  "git --unknown push",
])("takes %j for none that can be repeated", (line) => {
  expect(asPush(line.split(" "))).toBeNull();
});
