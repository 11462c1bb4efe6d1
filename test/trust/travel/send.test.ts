import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeDirectory } from "../../support/repository.ts";
import { daysAgo, makeTravelScene, personIn, receiptFor } from "./scene.ts";

const run = promisify(execFile);

test("what one sends, another finds by its tree", async () => {
  const { ada, clone } = await makeTravelScene();
  const receipt = receiptFor("ab1", "an envelope");
  expect(await ada.send([receipt])).toEqual([{ tree: receipt.tree, state: "sent", why: "" }]);
  const bob = await clone("bob");
  expect(await bob.find(receipt.tree)).toEqual(["an envelope"]);
  expect(await bob.find(receiptFor("ab2", "").tree)).toEqual([]);
  expect(await bob.find(receiptFor("cd1", "").tree)).toEqual([]);
});

test("several receipts go at once, and two of the same tree are both found, the newer first", async () => {
  const { ada } = await makeTravelScene();
  const [old, young] = [receiptFor("ab1", "old", daysAgo(2)), receiptFor("ab1", "young")];
  const other = receiptFor("cd1", "other");
  expect(await ada.send([old, young, other])).toHaveLength(3);
  expect(await ada.find(young.tree)).toEqual(["young", "old"]);
  expect(await ada.find(other.tree)).toEqual(["other"]);
});

test("those who send at the same moment lose nothing", async () => {
  const { clone } = await makeTravelScene();
  const people = await Promise.all(["b", "c", "d", "e"].map((name) => clone(name)));
  const receipts = people.flatMap((person, index) =>
    [1, 2].map((round) => ({ person, receipt: receiptFor(`ab${index}${round}`, `${index} ${round}`) })),
  );
  const outcomes = await Promise.all(receipts.map(({ person, receipt }) => person.send([receipt])));
  expect(new Set(outcomes.flat().map(({ state, why }) => `${state} ${why}`))).toEqual(new Set(["sent "]));
  for (const { person, receipt } of receipts) expect(await person.find(receipt.tree)).toEqual([receipt.envelope]);
});

test("a receipt that is there already is not sent again", async () => {
  const { ada, git } = await makeTravelScene();
  const receipt = receiptFor("ab1", "an envelope");
  await ada.send([receipt]);
  const before = await git("ls-remote", "origin");
  expect(await ada.send([receipt])).toEqual([{ tree: receipt.tree, state: "sent", why: "" }]);
  expect(await git("ls-remote", "origin")).toBe(before);
});

test("expired receipts of the same shard go when one is sent", async () => {
  const { ada } = await makeTravelScene();
  const [expired, fresh] = [receiptFor("ab1", "expired", daysAgo(40)), receiptFor("ab2", "fresh", daysAgo(20))];
  await ada.send([expired, fresh]);
  await ada.send([receiptFor("ab3", "new")]);
  expect(await ada.find(expired.tree)).toEqual([]);
  expect(await ada.find(fresh.tree)).toEqual(["fresh"]);
});

test("a server that takes no such refs refuses, with its own words", async () => {
  const { ada, judge } = await makeTravelScene();
  await judge('case $ref in refs/verify/*) echo "only branches here"; exit 1 ;; esac');
  expect(await ada.send([receiptFor("ab1", "x")])).toMatchObject([
    { state: "refused", why: "pre-receive hook declined: only branches here" },
  ]);
});

test("what somebody else put where a receipt belongs is told, and stops no other receipt", async () => {
  const { ada, git } = await makeTravelScene();
  const push = ["push", "--quiet", "--no-verify", "origin"];
  await git(...push, "HEAD:refs/verify/ab/x", "HEAD:a.txt:refs/verify/cd", "HEAD^{tree}:refs/verify/ef");
  const receipts = ["ab1", "cd1", "ef1", "1"].map((beginning) => receiptFor(beginning, "an envelope"));
  const outcomes = await ada.send(receipts);
  expect(new Map(outcomes.map(({ tree, state, why }) => [tree.slice(0, 3), `${state} ${why}`]))).toEqual(
    new Map([
      ["cd1", "refused refs/verify/cd there is no commit"],
      ["ef1", "refused refs/verify/ef there is no commit"],
      ["ab1", "refused refs/verify/ab/x is in the way there"],
      ["100", "sent "],
    ]),
  );
  expect(await ada.find(receipts[3]?.tree ?? "")).toEqual(["an envelope"]);
});

test("a remote that is not there is no refusal: it is tried again", async () => {
  const { ada, remote } = await makeTravelScene();
  expect(await ada.send([receiptFor("ab1", "x")], { remote: `${remote}.none` })).toMatchObject([
    { state: "failed", why: expect.stringContaining(`${remote}.none does not answer: `) },
  ]);
});

test("credentials in the remote's URL are in no message", async () => {
  const { ada } = await makeTravelScene();
  const [outcome] = await ada.send([receiptFor("ab1", "x")], { remote: "http://ada:geheim@127.0.0.1:1/x.git" });
  expect(outcome).toMatchObject({ state: "failed", why: expect.not.stringContaining("geheim") });
});

test("nothing of it is seen in the sender's repository: no ref, no object, no FETCH_HEAD, no hook", async () => {
  const scene = await makeTravelScene();
  await scene.git("fetch", "--quiet", "origin", "main");
  for (const hook of ["pre-push", "reference-transaction", "post-index-change"])
    await writeFile(join(scene.root, ".git/hooks", hook), "#!/bin/sh\necho ran >>../ran\n", { mode: 0o755 });
  const look = async (): Promise<unknown> => ({
    refs: await scene.git("for-each-ref"),
    objects: await scene.git("count-objects", "-v"),
    fetched: await readFile(join(scene.root, ".git/FETCH_HEAD"), "utf8"),
    ran: await readFile(join(scene.root, "../ran"), "utf8").catch(() => "never"),
  });
  const before = await look();
  await scene.ada.send([receiptFor("ab1", "x")]);
  await scene.ada.find(receiptFor("ab1", "x").tree);
  expect(await look()).toEqual(before);
});

test("a colleague's fetch and clone bring no receipts", async () => {
  const scene = await makeTravelScene();
  await scene.ada.send([receiptFor("ab1", "x")]);
  const bob = await scene.clone("bob");
  const { stdout } = await run("git", ["for-each-ref", "--format=%(refname)"], { cwd: bob.root });
  expect(stdout).not.toContain("verify");
});

test("in a shallow clone a receipt is found, and the clone stays as shallow as it was", async () => {
  const scene = await makeTravelScene();
  await scene.ada.send([receiptFor("ab1", "an envelope")]);
  const ci = await scene.clone("ci", "--depth", "1");
  const shallow = (): Promise<string> => readFile(join(ci.root, ".git/shallow"), "utf8");
  const before = await shallow();
  expect(await ci.find(receiptFor("ab1", "").tree)).toEqual(["an envelope"]);
  expect(await shallow()).toBe(before);
});

test("a partial clone sends beside receipts whose files it has not fetched", async () => {
  const scene = await makeTravelScene();
  await run("git", ["config", "uploadpack.allowFilter", "true"], { cwd: scene.remote });
  await scene.ada.send([receiptFor("ab1", "Ada's")]);
  const bob = await scene.clone("bob", "--filter=blob:none");
  const remote = `file://${scene.remote}`;
  // As `git push` itself does with push.followTags: the commit comes, and its files do not.
  await run("git", ["fetch", "--quiet", "origin", "refs/verify/ab"], { cwd: bob.root });
  expect(await bob.send([receiptFor("ab2", "Bob's")], { remote })).toMatchObject([{ state: "sent" }]);
  expect(await bob.find(receiptFor("ab1", "").tree)).toEqual(["Ada's"]);
});

test("settings of the user's that add to a push add nothing to this one", async () => {
  const scene = await makeTravelScene();
  await scene.git("tag", "--annotate", "--message", "v1", "v1");
  for (const [name, value] of [
    ["push.pushOption", "ci.skip"],
    ["push.followTags", "true"],
    ["push.gpgSign", "true"],
  ])
    await scene.git("config", name ?? "", value ?? "");
  expect(await scene.ada.send([receiptFor("ab1", "x")])).toMatchObject([{ state: "sent" }]);
  expect(await scene.git("ls-remote", "origin", "refs/tags/*")).toBe("");
});

test("over ssh, the caller's own command connects", async () => {
  const scene = await makeTravelScene();
  const ssh = join(scene.root, "../ssh");
  await writeFile(ssh, '#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\necho "$1" >>"$0.log"\nexec sh -c "$2"\n', {
    mode: 0o755,
  });
  const person = await personIn(scene.root, `example.com:${scene.remote}`, { GIT_SSH_COMMAND: ssh });
  expect(await person.send([receiptFor("ab1", "x")])).toMatchObject([{ state: "sent" }]);
  expect(await readFile(`${ssh}.log`, "utf8")).toBe("example.com\nexample.com\n");
});

test("a remote that cannot be reached is not one without receipts", async () => {
  const scene = await makeTravelScene();
  await expect(scene.ada.work((git) => git.fetch(`${scene.remote}.none`, ["refs/verify/ab"]))).rejects.toThrow(
    expect.objectContaining({ name: "UnavailableError" }),
  );
});

test("a repository of SHA-256 sends and finds them too", async () => {
  const directory = await makeDirectory();
  const git = (...words: string[]) => run("git", words, { cwd: directory });
  await git("init", "--quiet", "--bare", "--object-format=sha256", "remote.git");
  await git("init", "--quiet", "--object-format=sha256", "work");
  const person = await personIn(join(directory, "work"), join(directory, "remote.git"));
  const receipt = { ...receiptFor("ab1", "an envelope"), tree: "ab".padEnd(64, "0") };
  expect(await person.send([receipt])).toMatchObject([{ state: "sent" }]);
  expect(await person.find(receipt.tree)).toEqual(["an envelope"]);
});
