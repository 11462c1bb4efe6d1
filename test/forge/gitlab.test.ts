import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { chooseMergeRequest, type MergeRequest } from "../../src/forge/present.ts";
import { mergeRequestArguments } from "../../src/forge/push-arguments.ts";
import { markedBlock } from "../../src/report/pull-request/merged-body.ts";
import { recordOptions } from "./agit-server.ts";
import { type Answer, type Desk, makeDesk } from "./support.ts";

const url = "https://gitlab.com/ada/ledger/-/merge_requests/12";
const none: Answer = { words: "mr list", output: "[]" };
const created: Answer = {
  words: "mr create",
  output: `\nCreating merge request for topic into main in ada/ledger\n\n!12 Topic (topic)\n ${url}\n\n`,
};
const says = `\nView merge request for topic:\n  ${url}\n`;

function listed(changed: Partial<MergeRequest> = {}): Answer {
  const one = { iid: 12, web_url: url, description: "", draft: false, target_branch: "main" };
  return { words: "mr list", output: JSON.stringify([{ ...one, ...changed }]) };
}

async function makePushed(answers: readonly Answer[]): Promise<Desk> {
  const desk = await makeDesk("https://gitlab.com/ada/ledger.git");
  // Over ssh, as that leads to the bare repository here.
  await desk.git("remote", "set-url", "origin", "git@gitlab.com:ada/ledger.git");
  await desk.push("topic");
  await desk.standIn("glab", answers);
  return desk;
}

async function makeUnpushed(): Promise<Desk> {
  return await makeDesk("git@gitlab.com:ada/ledger.git");
}

test("glab opens a merge request, and its address alone is printed", async () => {
  const desk = await makePushed([none, created]);
  expect(await desk.verify("pr", "--create")).toEqual({ code: 0, output: `${url}\n`, errors: "" });
  const [list, create] = await desk.calls();
  expect(list?.words).toEqual(["mr", "list", "--source-branch", "topic", "--output", "json"]);
  expect(create?.words.slice(0, -1)).toEqual([
    ...["mr", "create", "--source-branch", "topic", "--target-branch", "main", "--title", "Topic", "--yes"],
    "--description",
  ]);
  expect(create?.words.at(-1)).toMatch(/^<!-- pushproof:begin [\s\S]*\| Verdict \| ✅ Verified \|/);
});

test("--draft opens a draft", async () => {
  const desk = await makePushed([none, created]);
  await desk.verify("pr", "--create", "--draft");
  expect((await desk.calls()).at(-1)?.words).toContain("--draft");
});

test("the merge request that is there is updated: its own text stays, its title too", async () => {
  const desk = await makePushed([listed({ description: "Why I did it." })]);
  expect(await desk.verify("pr", "--create")).toEqual({ code: 0, output: `${url}\n`, errors: "" });
  const words = (await desk.calls()).at(-1)?.words ?? [];
  expect(words.slice(0, 4)).toEqual(["mr", "update", "12", "--description"]);
  expect(words[4]).toMatch(/^Why I did it\.\n\n<!-- pushproof:begin /);
  expect(words).toHaveLength(5);
});

test("a merge request without any description gets ours", async () => {
  const desk = await makePushed([listed({ description: null })]);
  expect((await desk.verify("pr", "--create")).code).toBe(0);
});

test("what somebody changed in our part is not overwritten without --force", async () => {
  const desk = await makePushed([listed({ description: markedBlock("Old.").replace("Old.", "Edited.") })]);
  const { code, errors } = await desk.verify("pr", "--create");
  expect(code).toBe(2);
  expect(errors).toContain(`Somebody changed what pushproof wrote into the description of ${url}: --force replaces it`);
  expect(await desk.calls()).toHaveLength(1);
  expect((await desk.verify("pr", "--create", "--force")).code).toBe(0);
});

test("--draft makes a draft of what is there", async () => {
  const desk = await makePushed([listed()]);
  await desk.verify("pr", "--create", "--draft");
  expect((await desk.calls()).at(-1)?.words).toContain("--draft");
});

test("--web opens what is there in the browser", async () => {
  const desk = await makePushed([listed()]);
  await desk.verify("pr", "--create", "--web");
  expect((await desk.calls()).at(-1)?.words).toEqual(["mr", "view", "12", "--web"]);
});

test("--web opens glab's form for a new one", async () => {
  const desk = await makePushed([none]);
  expect(await desk.verify("pr", "--create", "--web")).toEqual({ code: 0, output: "", errors: "" });
  const words = (await desk.calls()).at(-1)?.words;
  expect(words).toContain("--web");
  expect(words).not.toContain("--yes");
});

test("with glab, a branch that is not pushed is not pushed behind the user's back", async () => {
  const desk = await makeUnpushed();
  await desk.standIn("glab", [none]);
  const { code, errors } = await desk.verify("pr", "--create");
  expect({ code, errors }).toEqual({
    code: 2,
    errors: "topic is not on origin yet: push it with `git push --set-upstream origin topic`, then do this again.\n",
  });
});

test("what goes wrong is told in glab's own last words", async () => {
  const desk = await makePushed([{ words: "mr list", errors: "\nERROR\n401 Unauthorized\n", code: 1 }]);
  expect((await desk.verify("pr", "--create")).errors).toBe("glab failed: ERROR 401 Unauthorized\n");
});

test("of several merge requests, the one to the base is meant", () => {
  const one = { iid: 1, web_url: url, description: "", target_branch: "develop" };
  const two = { ...one, iid: 2, target_branch: "main" };
  expect(chooseMergeRequest([one, two], { base: "main", isBaseGiven: false })?.iid).toBe(2);
  expect(chooseMergeRequest([one], { base: "main", isBaseGiven: false })?.iid).toBe(1);
  expect(chooseMergeRequest([one], { base: "main", isBaseGiven: true })).toBeNull();
});

test("without glab, the options of a push open the merge request, and the server's address is printed", async () => {
  const desk = await makeUnpushed();
  const received = await recordOptions(desk, says);
  const { code, output } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 0, output: `${url}\n` });
  const [push] = await received();
  expect(push?.ref).toBe("refs/heads/topic");
  expect(push?.options.slice(0, 3)).toEqual([
    "merge_request.create",
    "merge_request.target=main",
    "merge_request.title=Topic",
  ]);
  // GitLab reads a backslash and an n as a line's end.
  expect(push?.options[3]).toMatch(
    /^merge_request\.description=<!-- pushproof:begin [^>]*sha256=\w{16} -->\\n.*\| Verdict \| ✅ Verified \|\\n.*<!-- pushproof:end -->$/,
  );
  expect(push?.options).toHaveLength(4);
});

test("without glab, --draft is an option too", async () => {
  const desk = await makeUnpushed();
  const received = await recordOptions(desk, says);
  await desk.verify("pr", "--create", "--draft");
  expect((await received())[0]?.options.at(-1)).toBe("merge_request.draft");
});

test("without glab, an open merge request gets the commits and keeps title and description", async () => {
  const desk = await makeUnpushed();
  const received = await recordOptions(desk, says);
  await desk.verify("pr", "--create");
  await desk.push("topic:refs/merge-requests/12/head");
  await desk.commit("One more");
  await desk.report();
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 0, output: `${url}\n` });
  expect(errors).toContain("Its title and description are as they were");
  expect((await received()).at(-1)?.options).toEqual(["merge_request.create", "merge_request.target=main"]);
});

test("without glab, --force replaces title and description", async () => {
  const desk = await makeUnpushed();
  const received = await recordOptions(desk, says);
  await desk.verify("pr", "--create");
  await desk.push("topic:refs/merge-requests/12/head");
  await desk.commit("One more");
  await desk.report();
  await desk.verify("pr", "--create", "--force");
  expect((await received()).at(-1)?.options).toHaveLength(4);
});

test("options that GitLab could not follow are no success, though the push was one", async () => {
  const desk = await makeUnpushed();
  await recordOptions(
    desk,
    "WARNINGS:\nError encountered with push options 'merge_request.create': Target branch ada/ledger:main does not exist\n",
  );
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 3, output: "" });
  expect(errors).toMatch(
    /\nGitLab has the branch, and no merge request: Error encountered with push options .*: Target branch ada\/ledger:main does not exist\n$/,
  );
});

test("a server that names no address is told of", async () => {
  const desk = await makeUnpushed();
  await recordOptions(desk);
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({ code: 0, output: "" });
  expect(errors).toContain("Pushed, but origin gave no address of a pull request.\n");
});

test("without glab, a branch that is there already gets the one command, whose description is the file's", async () => {
  const desk = await makeUnpushed();
  await desk.push("topic");
  const { code, output, errors } = await desk.verify("pr", "--create");
  expect({ code, output }).toEqual({
    code: 3,
    output:
      'glab mr create --source-branch topic --target-branch main --title Topic --yes --description "$(cat .verify/pull-request-body.md)"\n',
  });
  expect(errors).toContain(
    "topic is on origin already, and GitLab takes options only with a push that brings something.",
  );
  expect(errors).toContain("https://gitlab.com/gitlab-org/cli");
  await desk.standIn("glab");
  execFileSync("sh", ["-c", output], { cwd: desk.root, env: { ...desk.environment } as NodeJS.ProcessEnv });
  expect((await desk.calls()).at(-1)?.words.at(-1)).toMatch(/^<!-- pushproof:begin [\s\S]*<!-- pushproof:end -->$/);
});

test("without glab, --web is refused before anything is pushed", async () => {
  const desk = await makeUnpushed();
  const received = await recordOptions(desk);
  expect((await desk.verify("pr", "--create", "--web")).errors).toBe(
    "--web opens no browser after a push: it needs glab on PATH.\n",
  );
  expect(await received()).toEqual([]);
});

test("every option of a push is one line", () => {
  const order = {
    destination: { remote: "origin", remoteBranch: "topic" },
    base: "main",
    title: "T",
    draft: true,
  } as never;
  expect(mergeRequestArguments(order, "One.\nTwo.\r\nThree.")).toEqual([
    ...["push", "-o", "merge_request.create", "-o", "merge_request.target=main", "-o", "merge_request.title=T"],
    ...["-o", "merge_request.description=One.\\nTwo.\\nThree.", "-o", "merge_request.draft"],
    ...["origin", "HEAD:refs/heads/topic"],
  ]);
});
