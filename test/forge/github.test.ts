import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createArguments } from "../../src/forge/gh-arguments.ts";
import { choosePullRequest, type GitHubPullRequest } from "../../src/forge/present.ts";
import { markedBlock } from "../../src/report/pull-request/merged-body.ts";
import { runIn } from "../support/verify.ts";
import { type Answer, type Desk, makeDesk } from "./support.ts";

const url = "https://github.com/ada/ledger/pull/12";
const owner: Answer = { words: "repo view", output: '{"owner":{"login":"ada"}}' };
const none: Answer = { words: "pr list", output: "[]" };
const created: Answer = { words: "pr create", output: `${url}\n` };

function listed(changed: Partial<GitHubPullRequest> = {}): Answer {
  const headRepositoryOwner = { login: "ada" };
  const one = { number: 12, url, body: "", isDraft: false, baseRefName: "main", headRefOid: "", headRepositoryOwner };
  return { words: "pr list", output: JSON.stringify([{ ...one, ...changed }]) };
}

async function makePushed(answers: readonly Answer[]): Promise<Desk> {
  const desk = await makeDesk();
  await desk.push("topic");
  await desk.standIn("gh", answers);
  return desk;
}

/** What gh was called with, the subcommand's first words alone. */
async function asked(desk: Desk): Promise<string[]> {
  return (await desk.calls()).map(({ words }) => words.slice(0, 2).join(" "));
}

test("a pull request is opened with title, base, branch and the body in a file, and its address printed", async () => {
  const desk = await makePushed([none, owner, created]);
  expect(await desk.verify("pr", "--create")).toEqual({ code: 0, output: `${url}\n`, errors: "" });
  const call = (await desk.calls()).find(({ words }) => words[1] === "create");
  const file = join(desk.root, ".verify", "pull-request-body.md");
  expect(call?.words).toEqual([
    ...["pr", "create", "--head", "topic", "--base", "main", "--title", "Topic"],
    ...["--body-file", file],
  ]);
  expect(call?.body).toMatch(/^<!-- pushproof:begin [^\n]*sha256=\w{16} -->\n/);
  expect(call?.body).toContain("| Verdict | ✅ Verified |");
  expect(call?.body).not.toMatch(/^# /m);
});

test("the pull requests of the branch are asked for as gh documents it", async () => {
  const desk = await makePushed([none, owner, created]);
  await desk.verify("pr", "--create");
  expect((await desk.calls())[0]?.words.slice(0, 7)).toEqual([
    "pr",
    "list",
    "--head",
    "topic",
    "--state",
    "open",
    "--json",
  ]);
});

test("--draft opens a draft", async () => {
  const desk = await makePushed([none, owner, created]);
  await desk.verify("pr", "--create", "--draft");
  expect((await desk.calls()).at(-1)?.words).toContain("--draft");
});

test("a branch of a fork is named with its owner, as gh knows where the pull request goes", async () => {
  const desk = await makePushed([none, { words: "repo view", output: '{"owner":{"login":"upstream"}}' }, created]);
  await desk.verify("pr", "--create");
  expect((await desk.calls()).at(-1)?.words.slice(2, 4)).toEqual(["--head", "ada:topic"]);
});

test("the one that is there is edited: its own text stays, its title too", async () => {
  const desk = await makePushed([listed({ body: "Why I did it.\r\n" })]);
  expect(await desk.verify("pr", "--create")).toEqual({ code: 0, output: `${url}\n`, errors: "" });
  const call = (await desk.calls()).at(-1);
  expect(call?.words.slice(0, 4)).toEqual(["pr", "edit", "12", "--body-file"]);
  expect(call?.words).not.toContain("--title");
  expect(call?.body).toMatch(/^Why I did it\.\r\n\n<!-- pushproof:begin /);
});

test("what we wrote before is replaced", async () => {
  const desk = await makePushed([listed({ body: `Mine.\n\n${markedBlock("Old.")}\n\nMine too.` })]);
  await desk.verify("pr", "--create");
  const body = (await desk.calls()).at(-1)?.body;
  expect(body).not.toContain("Old.");
  expect(body).toMatch(/^Mine\.\n\n<!-- pushproof:begin [\s\S]*pushproof:end -->\n\nMine too\.\n$/);
});

test("what somebody changed in our part is not overwritten without --force", async () => {
  const body = markedBlock("Old.").replace("Old.", "Edited.");
  const desk = await makePushed([listed({ body })]);
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toBe(
    `Somebody changed what pushproof wrote into the description of ${url}: --force replaces it, or move it out of the markers.\n`,
  );
  expect(await asked(desk)).toEqual(["pr list"]);
  expect((await desk.verify("pr", "--create", "--force")).code).toBe(0);
  expect((await desk.calls()).at(-1)?.body).not.toContain("Edited.");
});

test("--draft makes a draft of the one that is there", async () => {
  const desk = await makePushed([listed()]);
  await desk.verify("pr", "--create", "--draft");
  expect((await desk.calls()).at(-1)?.words).toEqual(["pr", "ready", "12", "--undo"]);
});

test("what is a draft already is left one", async () => {
  const desk = await makePushed([listed({ isDraft: true })]);
  await desk.verify("pr", "--create", "--draft");
  expect(await asked(desk)).toEqual(["pr list", "pr edit"]);
});

test("--web opens the one that is there in the browser", async () => {
  const desk = await makePushed([listed()]);
  await desk.verify("pr", "--create", "--web");
  expect((await desk.calls()).at(-1)?.words).toEqual(["pr", "view", "12", "--web"]);
});

test("--web opens gh's form for a new one", async () => {
  const desk = await makePushed([none, owner]);
  expect(await desk.verify("pr", "--create", "--web")).toEqual({ code: 0, output: "", errors: "" });
  expect((await desk.calls()).at(-1)?.words).toContain("--web");
});

test.each([
  ["a draft, for which gh has no form", ["--draft"], {}],
  ["what is too long for a form's address", [], { reasons: [], notes: [], repeat: "x".repeat(9_000) }],
])("--web opens %s after it was made", async (_what, words, changed) => {
  const desk = await makePushed([none, owner, created]);
  await desk.report(changed);
  expect((await desk.verify("pr", "--create", "--web", ...words)).output).toBe(`${url}\n`);
  expect((await desk.calls()).at(-2)?.words).not.toContain("--web");
  expect((await desk.calls()).at(-1)?.words).toEqual(["pr", "view", url, "--web"]);
});

test("a branch that is not on the remote is not pushed behind the user's back: the command is named", async () => {
  const desk = await makeDesk();
  await desk.standIn("gh");
  expect(await desk.verify("pr", "--create")).toEqual({
    code: 2,
    output: "",
    errors: "topic is not on origin yet: push it with `git push --set-upstream origin topic`, then do this again.\n",
  });
  expect(await desk.remoteCommit("refs/heads/topic").catch(() => null)).toBeNull();
  expect(await desk.calls()).toEqual([]);
});

test("a remote's branch that is behind HEAD is named with both commits", async () => {
  const desk = await makePushed([]);
  const before = (await desk.git("rev-parse", "HEAD")).slice(0, 7);
  const after = (await desk.commit("One more")).slice(0, 7);
  await desk.report();
  expect((await desk.verify("pr", "--create")).errors).toBe(
    `topic on origin is at ${before}, not at ${after}: push it with \`git push origin topic\`, then do this again.\n`,
  );
});

test("a rewritten branch is to be pushed with a lease", async () => {
  const desk = await makePushed([]);
  await desk.git("commit", "--quiet", "--amend", "--message", "In other words");
  await desk.report();
  expect((await desk.verify("pr", "--create")).errors).toContain("`git push --force-with-lease origin topic`");
});

test("without gh, the one command is printed with the body's file, and where gh comes from", async () => {
  const desk = await makeDesk();
  await desk.push("topic");
  await desk.report({ branch: "two-words" });
  expect(await desk.verify("pr", "--create", "--draft")).toEqual({
    code: 3,
    output:
      "gh pr create --head topic --base main --title 'Two words' --body-file .verify/pull-request-body.md --draft\n",
    errors: "gh is not on PATH (GitHub's own, from https://cli.github.com). With it, this does the same:\n",
  });
  const body = await readFile(join(desk.root, ".verify", "pull-request-body.md"), "utf8");
  expect(body).toContain("| Verdict | ✅ Verified |");
});

test("what goes wrong is told in gh's own last words", async () => {
  const errors =
    "\nWarning: 1 uncommitted change\npull request create failed: GraphQL: no commits between main and topic\n";
  const desk = await makePushed([none, owner, { words: "pr create", errors, code: 1 }]);
  expect(await desk.verify("pr", "--create")).toEqual({
    code: 3,
    output: "",
    errors:
      "gh failed: Warning: 1 uncommitted change pull request create failed: GraphQL: no commits between main and topic\n",
  });
});

test("a token that gh speaks of is not shown", async () => {
  const errors = "bad credentials ghp_0123456789 for https://ada:hunter22@github.com/ada\n";
  const desk = await makePushed([{ words: "pr list", errors, code: 4 }]);
  const environment = { ...desk.environment, GH_TOKEN: "ghp_0123456789" };
  const outcome = await runIn(desk.root, ["pr", "--create"], { environment });
  expect(outcome).toEqual({
    code: 3,
    output: "",
    errors: "gh failed: bad credentials *** for https://github.com/ada\n",
  });
});

test("an answer that is no JSON is told", async () => {
  const desk = await makePushed([{ words: "pr list", output: "no pull requests" }]);
  expect((await desk.verify("pr", "--create")).errors).toBe(
    "What gh answered is not JSON: a newer gh may be needed.\n",
  );
});

const mine: GitHubPullRequest = {
  number: 1,
  url,
  body: "",
  isDraft: false,
  baseRefName: "main",
  headRefOid: "a",
  headRepositoryOwner: { login: "Ada" },
};
const order = { commit: "c", base: "main", isBaseGiven: false, destination: { owner: "ada" } } as never;

test("somebody else's branch of the same name is not taken for ours", () => {
  expect(
    choosePullRequest(
      [
        { ...mine, headRepositoryOwner: { login: "eve" } },
        { ...mine, number: 2 },
      ],
      order,
    ),
  ).toEqual({ ...mine, number: 2 });
  expect(choosePullRequest([{ ...mine, headRepositoryOwner: null }], order)).toBeNull();
});

test("a pull request at our commit is ours, whatever its owner is called now", () => {
  expect(choosePullRequest([{ ...mine, headRefOid: "c", headRepositoryOwner: null }], order)?.number).toBe(1);
});

test("of several, the one to the base is meant; another base counts where none was named", () => {
  const other = { ...mine, number: 2, baseRefName: "develop" };
  expect(choosePullRequest([other, mine], order)?.number).toBe(1);
  expect(choosePullRequest([other], order)?.number).toBe(2);
  expect(choosePullRequest([other], Object.assign({}, order, { isBaseGiven: true }))).toBeNull();
});

test("the form is asked for without changing anything else", () => {
  const words = createArguments({ base: "main", title: "T", draft: false }, { head: "topic", file: "f", form: true });
  expect(words).toEqual([
    "pr",
    "create",
    "--head",
    "topic",
    "--base",
    "main",
    "--title",
    "T",
    "--body-file",
    "f",
    "--web",
  ]);
});
