import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { processorTime } from "../bench/processor-time.ts";
import { lineOf, makeScene, zeros } from "./scene.ts";

const refs = Array.from({ length: 5000 }, (_, index) => `refs/tags/t${index}`);
/** In milliseconds of processor time: ten times what it takes, a fiftieth of what it took when it asked for each ref. */
const most = 500;

test("5,000 tags of a verified commit are answered by the hook itself, at about the cost of one", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  await scene.prove(commit);
  const input = refs.map((ref) => lineOf(commit, ref)).join("");
  const { environment, root, remote } = scene;
  const hook = ["sh", join(packageRoot, "hooks/pre-push"), "origin", remote] as const;
  expect(processorTime(hook, root, { input, environment })).toBeLessThan(most);
  expect(await scene.started()).toBeNull();
});

test("a tree that is not verified is found among 5,000 that are, wherever it stands", async () => {
  const scene = await makeScene();
  const proven = await scene.git("rev-parse", "HEAD");
  await scene.prove(proven);
  await scene.write({ "a.txt": "two\n" });
  const other = await scene.commit("Second");
  for (const position of [0, 99, 100, 101, 4999]) {
    const input = refs.map((ref, index) => lineOf(index === position ? other : proven, ref)).join("");
    expect((await scene.push(input)).code).toBe(7);
    expect((await scene.started())?.input).toBe(input);
  }
});

test("what is no object id after the first hundred lines is for the program to refuse", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  await scene.prove(commit);
  const lines = refs.slice(0, 200).map((ref) => lineOf(commit, ref));
  for (const odd of [
    "refs/heads/a nothing refs/heads/a nothing\n",
    "odd\n",
    `refs/heads/a HEAD refs/heads/a ${zeros}\n`,
  ])
    expect((await scene.push([...lines, odd].join(""))).code).toBe(7);
});

test("5,000 refs that are not protected cost a server's hook about as much as one", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  const input = refs.map((ref) => `${zeros} ${commit} ${ref}\n`).join("");
  const hook = ["sh", join(packageRoot, "hooks/pre-receive")] as const;
  expect(processorTime(hook, scene.root, { input, environment: scene.environment })).toBeLessThan(most);
});
