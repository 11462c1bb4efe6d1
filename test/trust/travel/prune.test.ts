import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type Pruned, pruneRemote } from "../../../src/trust/travel/prune.ts";
import { daysAgo, makeTravelScene, receiptFor, type TravelScene } from "./scene.ts";

const run = promisify(execFile);
const expired = [receiptFor("ab1", "expired", daysAgo(40)), receiptFor("cd1", "expired too", daysAgo(40))];
const fresh = receiptFor("ab2", "fresh", daysAgo(20));

function prune({ ada, remote }: TravelScene): Promise<Pruned> {
  return ada.work((git) => pruneRemote(git, remote, new Date()));
}

test("expired receipts go, with the history that held them, and the others stay", async () => {
  const scene = await makeTravelScene();
  await scene.ada.send([...expired, fresh], { now: daysAgo(20) });
  expect(await prune(scene)).toEqual({ removed: 2, kept: 1, refused: [] });
  expect(await scene.ada.find(fresh.tree)).toEqual(["fresh"]);
  const { stdout } = await run("git", ["log", "--format=%P", "refs/verify/ab"], { cwd: scene.remote });
  expect(stdout.trim()).toBe("");
  expect(await scene.git("ls-remote", "origin", "refs/verify/*")).not.toContain("refs/verify/cd");
  expect(await prune(scene)).toEqual({ removed: 0, kept: 1, refused: [] });
});

test("what others send while it prunes is kept", async () => {
  const scene = await makeTravelScene();
  const bob = await scene.clone("bob");
  await scene.ada.send(expired, { now: daysAgo(40) });
  const sent = Array.from({ length: 4 }, (_, index) => receiptFor(`ab9${index}`, `meanwhile ${index}`));
  const [pruned] = await Promise.all([prune(scene), ...sent.map((receipt) => bob.send([receipt])), prune(scene)]);
  expect(pruned.refused).toEqual([]);
  for (const { tree, envelope } of sent) expect(await bob.find(tree)).toEqual([envelope]);
  expect(await bob.find(expired[0]?.tree ?? "")).toEqual([]);
});

test("a server on which nothing may be rewritten or deleted gets a commit without them", async () => {
  const scene = await makeTravelScene();
  await scene.ada.send([...expired, fresh], { now: daysAgo(20) });
  for (const setting of ["receive.denyNonFastForwards", "receive.denyDeletes"])
    await run("git", ["config", setting, "true"], { cwd: scene.remote });
  expect(await prune(scene)).toEqual({ removed: 2, kept: 1, refused: [] });
  expect(await scene.ada.find(fresh.tree)).toEqual(["fresh"]);
  expect(await scene.ada.find(expired[1]?.tree ?? "")).toEqual([]);
});

test("a server that refuses is told with its reason, and nothing counts as removed", async () => {
  const scene = await makeTravelScene();
  await scene.ada.send(expired, { now: daysAgo(40) });
  await scene.judge("exit 1");
  expect(await prune(scene)).toEqual({ removed: 0, kept: 2, refused: ["pre-receive hook declined"] });
});
