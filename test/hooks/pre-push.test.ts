import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ReceiptStore } from "../../src/push/receipts.ts";
import { SentReceipts } from "../../src/push/sent-receipts.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { withoutCredentials } from "../../src/shared/redact.ts";
import { addCommit, lineOf, makePackage, makeScene, pushReally, zeros } from "./scene.ts";

test("a proven tree is answered without starting node", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const answered = await scene.push(lineOf(await scene.git("rev-parse", "HEAD")));
  expect(answered).toEqual({
    code: 0,
    output: "pushproof: already verified, see `npx verify status`.\n",
    errors: "",
  });
  expect(await scene.started()).toBeNull();
});

test("another commit of a proven tree, and a tag of it, are answered without starting node", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const again = await scene.commit("The same files");
  await scene.git("tag", "--annotate", "--message", "v1", "v1");
  const tag = await scene.git("rev-parse", "refs/tags/v1");
  expect((await scene.push(lineOf(again) + lineOf(tag, "refs/tags/v1"))).code).toBe(0);
  expect(await scene.started()).toBeNull();
});

test("several trees that are all proven are answered without starting node", async () => {
  const scene = await makeScene();
  const first = await scene.git("rev-parse", "HEAD");
  const second = await addCommit(scene);
  await scene.prove(first);
  await scene.prove(second);
  const deletion = `(delete) ${zeros} refs/heads/old ${first}\n`;
  expect((await scene.push(lineOf(first) + deletion + lineOf(second, "refs/heads/two"))).code).toBe(0);
  expect(await scene.started()).toBeNull();
});

test("one tree of several that is not proven starts node with all lines", async () => {
  const scene = await makeScene();
  const first = await scene.git("rev-parse", "HEAD");
  const second = await addCommit(scene);
  await scene.prove(first);
  const lines = lineOf(first) + lineOf(second, "refs/heads/two");
  expect((await scene.push(lines)).code).toBe(7);
  expect((await scene.started())?.input).toBe(lines);
});

test("node is started on the built program, with the remote behind a separator, and its exit code is the hook's", async () => {
  const scene = await makeScene();
  expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")))).code).toBe(7);
  const words = (await scene.started())?.words.split("\n");
  expect(words?.[0]).toMatch(/\/dist\/main\.js$/);
  expect(words?.slice(1)).toEqual(["pre-push", "--", "origin", scene.remote, ""]);
});

test("a program that says its verdict lets the push through, and its output stays on standard output", async () => {
  const scene = await makeScene("echo done; echo verified >&$VERIFY_VERDICT_TO; exit 0");
  const answered = await scene.push(lineOf(await scene.git("rev-parse", "HEAD")));
  expect(answered).toEqual({ code: 0, output: "done\n", errors: "" });
});

test.each([
  ["ends with 0 and says no verdict", "exit 0", 3],
  ["says another word", "echo failed >&$VERIFY_VERDICT_TO; exit 0", 3],
  ["prints the word instead of saying it", "echo verified; exit 0", 3],
  ["says the word and fails", "echo verified >&$VERIFY_VERDICT_TO; exit 1", 1],
])("a program that %s stops the push", async (_what, ending, code) => {
  const scene = await makeScene(ending);
  const answered = await scene.push(lineOf(await scene.git("rev-parse", "HEAD")));
  expect(answered.code).toBe(code);
  if (code === 3)
    expect(answered.errors).toMatch(/^pushproof: the program ended without a verdict, so the push is stopped\./);
});

test("the lines reach node as they are, whatever the local ref is called", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  const lines = `HEAD^{/fix  0 \\this $(x) *} ${commit} refs/heads/x ${zeros}\n`;
  await scene.push(lines);
  expect((await scene.started())?.input).toBe(lines);
});

test("a local ref with blanks is no way around the verification", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  expect((await scene.push(`HEAD^{/x ${zeros} y} ${commit} refs/heads/x ${zeros}\n`)).code).toBe(7);
});

test("a local ref with blanks is answered by its own tree", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  expect(
    (await scene.push(`HEAD^{/Begin or so} ${await scene.git("rev-parse", "HEAD")} refs/heads/x ${zeros}\n`)).code,
  ).toBe(0);
});

test.each(["refs/heads/main", "refs/heads/main HEAD refs/heads/main", "\n", `one two ${zeros}`])(
  "what is not a line of git's is for the program to judge: %j",
  async (line) => {
    const scene = await makeScene();
    await scene.prove("HEAD");
    expect((await scene.push(`${line}\n`)).code).toBe(7);
    expect((await scene.started())?.input).toBe(`${line}\n`);
  },
);

test("a last line without its end counts", async () => {
  const scene = await makeScene();
  expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")).trimEnd())).code).toBe(7);
});

test("where git runs the hook itself, no lines mean that nothing is pushed: it passes without starting node", async () => {
  const scene = await makeScene();
  await scene.git("config", "core.hooksPath", join(packageRoot, "hooks"));
  expect(await scene.push("")).toEqual({
    code: 0,
    output: "pushproof: nothing new is pushed, nothing to verify.\n",
    errors: "",
  });
  expect(await scene.started()).toBeNull();
});

test("where our shim says that git said nothing, it passes without starting node", async () => {
  const scene = await makeScene();
  const said = `${scene.root} origin ${scene.remote}`;
  const passed = await scene.push("", { environment: { PUSHPROOF_NOTHING: said } });
  expect(passed).toMatchObject({ code: 0, output: "pushproof: nothing new is pushed, nothing to verify.\n" });
  expect(await scene.started()).toBeNull();
});

test.each([
  ["nobody says so", {}],
  ["it was said of another push", { PUSHPROOF_NOTHING: "/elsewhere origin url" }],
])("no lines are for the program to look into where %s", async (_why, environment) => {
  const scene = await makeScene();
  expect((await scene.push("", { environment })).code).toBe(7);
  expect((await scene.started())?.input).toBe("");
});

test("husky 4 hands git's lines on in a variable", async () => {
  const scene = await makeScene();
  const lines = lineOf(await scene.git("rev-parse", "HEAD"));
  const environment = { HUSKY_GIT_STDIN: lines.trimEnd(), HUSKY_GIT_PARAMS: `origin ${scene.remote}` };
  expect((await scene.push("", { environment })).code).toBe(7);
  expect((await scene.started())?.input).toBe(lines);
  await scene.push("", { environment: { ...environment, HUSKY_GIT_PARAMS: "origin of-another-push" } });
  expect((await scene.started())?.input).toBe("");
});

test("pre-commit hands the remote on in variables", async () => {
  const scene = await makeScene();
  const environment = { PRE_COMMIT_REMOTE_NAME: "origin", PRE_COMMIT_REMOTE_URL: "ssh://host/x" };
  await scene.push("", { environment, words: [] });
  expect((await scene.started())?.words).toMatch(/\npre-push\n--\norigin\nssh:\/\/host\/x\n$/);
});

test("on a terminal the hook waits for no lines", async () => {
  const scene = await makeScene();
  const hook = join(packageRoot, "hooks/pre-push");
  const command = `script --quiet --return --command "sh '${hook}' origin url" /dev/null`;
  // The input of `script` stays open, as a terminal's does.
  const child = spawn("/bin/sh", ["-c", command], { cwd: scene.root, env: scene.environment, timeout: 20_000 });
  const [code] = await once(child, "close");
  expect(code).toBe(7);
});

test.each([40, 64])("deletions alone, of %i zeros, pass with a word", async (length) => {
  const scene = await makeScene();
  const line = `(delete) ${"0".repeat(length)} refs/heads/old ${"a".repeat(length)}\n`;
  expect(await scene.push(line + line)).toEqual({
    code: 0,
    output: "pushproof: only deletions are pushed, nothing to verify.\n",
    errors: "",
  });
  expect(await scene.started()).toBeNull();
});

test("another version of pushproof starts node", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const { directory, hook } = await makePackage(scene);
  await writeFile(join(directory, "package.json"), '{\n  "name": "pushproof",\n  "version": "9.9.9"\n}\n');
  await mkdir(join(directory, "dist"));
  await writeFile(join(directory, "dist/main.js"), "");
  const commit = await scene.git("rev-parse", "HEAD");
  expect((await scene.push(lineOf(commit), { script: hook })).code).toBe(7);
});

test("a node that was replaced starts node", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const stub = join(scene.root, "../bin/node");
  await cp(stub, `${stub}-new`);
  await rename(`${stub}-new`, stub);
  expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")))).code).toBe(7);
});

test.each([".venv", "venv", "env", "backend/.venv", "apps/backend/.venv", "apps/backend/env"])(
  "a Python environment made in %s since starts node",
  async (directory) => {
    const scene = await makeScene();
    await scene.prove("HEAD");
    await scene.write({ [`${directory}/bin/python3`]: "" });
    expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")))).code).toBe(7);
  },
);

test("a proof that is too old starts node", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const proven = join(scene.root, ".git/verify/proven", await scene.git("rev-parse", "HEAD^{tree}"));
  const old = new Date(Date.now() - 31 * 86_400_000);
  await utimes(proven, old, old);
  expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")))).code).toBe(7);
});

test("a proof that was emptied or taken back starts node", async () => {
  const scene = await makeScene();
  const tree = await scene.git("rev-parse", "HEAD^{tree}");
  const line = lineOf(await scene.git("rev-parse", "HEAD"));
  await scene.prove("HEAD");
  await scene.write({ [`.git/verify/proven/${tree}`]: "" });
  expect((await scene.push(line)).code).toBe(7);
  await scene.prove("HEAD");
  await new ReceiptStore(join(scene.root, ".git")).revoke(tree);
  expect((await scene.push(line)).code).toBe(7);
});

const token = "https://ada:to@ken@example.com/x.git";

test.each<[string, string, string, boolean]>([
  ["has not got yet", "https://example.com/x.git", "", true],
  [
    "did not get when it was tried",
    "https://example.com/x.git",
    "failed https://example.com/x.git\nwhy no route\n",
    true,
  ],
  ["has not got, where another has", "https://example.com/x.git", "sent https://example.com/y.git\n", true],
  ["has, though the URL holds a password", token, "sent https://example.com/x.git\n", false],
  ["has, as the second of two", "../x.git", "sent https://example.com/y.git\nsent ../x.git\n", false],
  ["refuses", "git@example.com:x.git", "refused git@example.com:x.git\nwhy declined\n", false],
])("a signed receipt that the remote %s: node is started to send it, or not", async (_what, url, sent, starts) => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const tree = await scene.git("rev-parse", "HEAD^{tree}");
  await scene.write({ [`.git/verify/signed/${tree}`]: "{}\n", [`.git/verify/sent/${tree}`]: sent });
  await scene.push(lineOf(await scene.git("rev-parse", "HEAD")), { words: ["origin", url] });
  expect((await scene.started()) !== null).toBe(starts);
});

test("the program notes a remote as the hook reads it", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const tree = await scene.git("rev-parse", "HEAD^{tree}");
  await scene.write({ [`.git/verify/signed/${tree}`]: "{}\n" });
  const sent = new SentReceipts(join(scene.root, ".git"));
  await sent.note(tree, { url: withoutCredentials("https://example.com/y.git"), state: "failed", why: "two\nlines" });
  await sent.note(tree, { url: withoutCredentials(token), state: "sent", why: "" });
  expect((await scene.push(lineOf(await scene.git("rev-parse", "HEAD")), { words: ["origin", token] })).code).toBe(0);
  expect(await sent.of(tree)).toEqual([
    { url: "https://example.com/y.git", state: "failed", why: "two lines" },
    { url: "https://example.com/x.git", state: "sent", why: "" },
  ]);
});

test("a proof of what git replace shows does not stand for the commit that is pushed", async () => {
  const scene = await makeScene();
  const commit = await scene.git("rev-parse", "HEAD");
  const instead = await addCommit(scene);
  await scene.prove(instead);
  await scene.git("replace", commit, instead);
  expect((await scene.push(lineOf(commit))).code).toBe(7);
});

test("an object that git cannot read starts node", async () => {
  const scene = await makeScene();
  expect((await scene.push(lineOf("d".repeat(40)))).code).toBe(7);
});

test("in a linked worktree with GIT_DIR set, the shared proof counts", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  const linked = join(scene.root, "../linked worktree");
  await scene.git("worktree", "add", "--quiet", "-b", "topic", linked);
  const line = lineOf(await scene.git("rev-parse", "HEAD"), "refs/heads/topic");
  const environment = { GIT_DIR: await scene.git("-C", linked, "rev-parse", "--absolute-git-dir") };
  expect((await scene.push(line, { directory: linked, environment })).code).toBe(0);
  expect(await scene.started()).toBeNull();
});

test("without node on PATH the push is stopped, with the reason", async () => {
  const scene = await makeScene();
  const programs = join(scene.root, "../programs");
  await mkdir(programs);
  for (const name of ["git", "ls", "cat", "find"]) await symlink(await which(name), join(programs, name));
  const line = lineOf(await scene.git("rev-parse", "HEAD"));
  const stopped = await scene.push(line, { environment: { PATH: programs } });
  expect(stopped.code).toBe(3);
  expect(stopped.errors).toContain(`pushproof: node is not on PATH (${programs})`);
  expect(stopped.errors).toContain("~/.config/husky/init.sh");
});

test("without the built program the push is stopped, with the remedy", async () => {
  const scene = await makeScene();
  const { directory, hook } = await makePackage(scene);
  await cp(join(packageRoot, "package.json"), join(directory, "package.json"));
  const line = lineOf(await scene.git("rev-parse", "HEAD"));
  const stopped = await scene.push(line, { script: hook });
  expect(stopped.code).toBe(3);
  expect(stopped.errors).toMatch(/dist\/main\.js is missing\. Push stopped; nothing was sent\. Run `npm install`\.\n$/);
  expect(await scene.started()).toBeNull();
});

test("a real git push with a proven tree arrives, and node is not started", async () => {
  const scene = await makeScene();
  await scene.prove("HEAD");
  await pushReally(scene);
  expect(await scene.remoteCommit("refs/heads/main")).toBe(await scene.git("rev-parse", "HEAD"));
  expect(await scene.started()).toBeNull();
});

test("a real git push that the program refuses leaves the remote unchanged", async () => {
  const scene = await makeScene();
  await expect(pushReally(scene)).rejects.toThrow("failed to push some refs");
  expect(await scene.remoteCommit("refs/heads/main")).toBeNull();
  expect((await scene.started())?.input).toBe(lineOf(await scene.git("rev-parse", "HEAD")));
});

async function which(name: string): Promise<string> {
  const child = spawn("/bin/sh", ["-c", `command -v ${name}`]);
  return (await text(child.stdout)).trim();
}
