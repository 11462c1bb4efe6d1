import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { agitArguments } from "../../src/forge/push-arguments.ts";
import { makeAgitServer, type ReceivedPush } from "./agit-server.ts";
import { type Desk, makeDesk } from "./support.ts";

const address = "https://codeberg.org/ada/ledger/pulls/7\n";

async function makeServed(): Promise<{ desk: Desk; received: () => Promise<ReceivedPush[]> }> {
  const desk = await makeDesk("ssh://git@codeberg.org/ada/ledger.git");
  return { desk, received: await makeAgitServer(desk) };
}

function option(push: ReceivedPush | undefined, name: string): string | undefined {
  return push?.options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
}

test("a push to refs/for opens a pull request with topic, title and description, and its address is printed", async () => {
  const { desk, received } = await makeServed();
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 0, output: address });
  expect(errors).toContain("refs/pull/7/head");
  const [push] = await received();
  expect(push?.ref).toBe("refs/for/main");
  expect(option(push, "topic")).toBe("topic");
  expect(option(push, "title")).toBe("Topic");
  expect(option(push, "force-push")).toBeUndefined();
  const [, encoded = ""] = /^\{base64\}(.*)$/.exec(option(push, "description") ?? "") ?? [];
  expect(Buffer.from(encoded, "base64").toString()).toMatch(
    /^<!-- pushproof:begin [^\n]*\n[\s\S]*\| Verdict \| ✅ Verified \|[\s\S]*<!-- pushproof:end -->$/,
  );
});

test("the pull request is at HEAD then, and no branch is made", async () => {
  const { desk } = await makeServed();
  await desk.verify("pr", "--create");
  const refs = await desk.git("--git-dir", desk.remote, "for-each-ref", "--format=%(objectname) %(refname)");
  expect(refs).toContain(`${await desk.git("rev-parse", "HEAD")} refs/pull/7/head`);
  expect(refs).not.toContain("topic");
});

test("an update brings the commits and leaves title and description to their author", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create");
  const commit = await desk.commit("One more");
  await desk.report();
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 0, output: address });
  expect(errors).toContain("Its title and description are as they were");
  expect((await received()).at(-1)?.options).toEqual(["topic=topic"]);
  expect(await desk.git("--git-dir", desk.remote, "rev-parse", "refs/pull/7/head")).toBe(commit);
});

test("a rewritten branch replaces what was pushed from here", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create");
  await desk.git("commit", "--quiet", "--amend", "--message", "In other words");
  await desk.report();
  expect((await desk.verify("pr", "--create")).code).toBe(0);
  expect((await received()).at(-1)?.options).toEqual(["topic=topic", "force-push=true"]);
});

test("what somebody else pushed there is replaced by --force alone", async () => {
  const { desk, received } = await makeServed();
  const other = await desk.git("commit-tree", "HEAD^{tree}", "-p", "main", "-m", "By somebody else");
  await desk.push(`${other}:refs/pull/7/head`);
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 3, output: "" });
  expect(errors).toContain("request `force-push` push option");
  expect(errors).toMatch(/\nThe push has failed, so there is no pull request: see above\.\n$/);
  expect((await desk.verify("pr", "--create", "--force")).code).toBe(0);
  expect((await received()).at(-1)?.options).toContain("force-push=true");
});

test("what is at HEAD already is not pushed again", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create");
  expect(await desk.verify("pr", "--create")).toEqual({
    code: 0,
    output: "",
    errors: "Pull request 7 is at this commit already, and stays as it is.\n",
  });
  expect(await received()).toHaveLength(1);
});

test("a pull request that is merged is not taken for this one", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create");
  await desk.push("topic:main");
  await desk.git("update-ref", "refs/remotes/origin/main", "topic");
  await desk.commit("The next change");
  await desk.report();
  await desk.verify("pr", "--create");
  expect(option((await received()).at(-1), "title")).toBeDefined();
});

test("the pull request of a branch that this one was made from is not taken for this one's", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create");
  await desk.git("checkout", "--quiet", "-b", "on-top");
  await desk.commit("On top of it");
  await desk.report({ branch: "on-top" });
  await desk.verify("pr", "--create");
  expect(option((await received()).at(-1), "topic")).toBe("on-top");
  expect(option((await received()).at(-1), "title")).toBeDefined();
});

test("a draft is one by its title", async () => {
  const { desk, received } = await makeServed();
  await desk.verify("pr", "--create", "--draft");
  expect(option((await received())[0], "title")).toBe("WIP: Topic");
});

test("a draft cannot be made of what is open", async () => {
  const { desk } = await makeServed();
  await desk.verify("pr", "--create");
  await desk.commit("One more");
  await desk.report();
  const { code, errors } = await desk.verify("pr", "--create", "--draft");
  expect({ code, errors }).toEqual({
    code: 2,
    errors: "Pull request 7 is open already, and a push cannot make a draft of it: leave --draft out.\n",
  });
});

test("the repository's own hook has the last word, and is heard", async () => {
  const { desk, received } = await makeServed();
  const hook = join(desk.root, ".git", "hooks", "pre-push");
  await writeFile(hook, "#!/bin/sh\necho 'Not verified: says the hook'\nexit 1\n", { mode: 0o755 });
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 3, output: "" });
  expect(errors).toContain("Not verified: says the hook\n");
  expect(await received()).toEqual([]);
});

test("a server without push options is told from one that refuses", async () => {
  const desk = await makeDesk("ssh://git@codeberg.org/ada/ledger.git");
  const { code, errors } = await desk.verify("pr", "--create");
  expect(code).toBe(3);
  expect(errors).toContain(
    "The push has failed, so there is no pull request: the server takes no push options, so it is no host that opens pull requests by them.\n",
  );
});

test("a body that is longer than a push option may be is cut, and says so", async () => {
  const { desk, received } = await makeServed();
  const body = "漢字\n".repeat(9_000);
  const changes = { base: "main", mergeBase: "m", files: [], commits: [{ commit: "c", subject: "S", body }] };
  await desk.report({ changes });
  expect((await desk.verify("pr", "--create")).code).toBe(0);
  const sent = option((await received())[0], "description") ?? "";
  expect(sent.length).toBeLessThan(65_000);
  const text = Buffer.from(sent.replace("{base64}", ""), "base64").toString();
  expect(text).toMatch(/\n… and more, which a push cannot carry\.\n\n<!-- pushproof:end -->$/);
});

test("--web is refused before anything is pushed", async () => {
  const { desk, received } = await makeServed();
  expect(await desk.verify("pr", "--create", "--web")).toEqual({
    code: 2,
    output: "",
    errors: "--web opens no browser after a push: leave it out: the address is printed.\n",
  });
  expect(await received()).toEqual([]);
});

test("a description of one line goes as it is", () => {
  const order = { destination: { remote: "origin", branch: "topic" }, base: "main", title: "T", draft: false } as never;
  expect(agitArguments(order, { description: "One line.", replaces: false })).toEqual([
    "push",
    "origin",
    "HEAD:refs/for/main",
    "-o",
    "topic=topic",
    "-o",
    "title=T",
    "-o",
    "description=One line.",
  ]);
});
