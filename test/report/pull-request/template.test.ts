import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openGit } from "../../../src/git/client.ts";
import { chooseTemplate } from "../../../src/report/pull-request/choose-template.ts";
import { filledTemplate, readPullRequestTemplate } from "../../../src/report/pull-request/template.ts";
import { makeRepository, type Repository } from "../../support/repository.ts";

const template = (repository: Repository): ReturnType<typeof readPullRequestTemplate> =>
  readPullRequestTemplate(openGit(repository.root, repository.environment), "HEAD");

describe("a template is found at", () => {
  test.each([
    "pull_request_template.md",
    "PULL_REQUEST_TEMPLATE.md",
    "Pull_Request_Template.txt",
    "PULL_REQUEST_TEMPLATE",
    "docs/pull_request_template.md",
    "docs/PULL_REQUEST_TEMPLATE.txt",
    ".github/pull_request_template.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
    "PULL_REQUEST_TEMPLATE/feature.md",
    "pull_request_template/feature.md",
    "docs/PULL_REQUEST_TEMPLATE/feature.md",
    ".github/PULL_REQUEST_TEMPLATE/feature.md",
    ".gitlab/merge_request_templates/Default.md",
    ".gitlab/merge_request_templates/feature.md",
  ])("%s", (file) => {
    expect(chooseTemplate(["README.md", file, "src/a.py"])).toEqual({ file, others: [] });
  });
});

test.each([
  "src/pull_request_template.md",
  "pull_request_template.py",
  "my_pull_request_template.md",
  ".github/PULL_REQUEST_TEMPLATE/old/feature.md",
  ".github/ISSUE_TEMPLATE/bug.md",
  ".gitlab/issue_templates/Default.md",
  "github/pull_request_template.md",
])("%s is no template", (file) => expect(chooseTemplate([file])).toBeNull());

test("of several, the one that is GitHub's default in its order, then GitLab's, then the first by name; all others are named", () => {
  const inOrder = [
    ".github/pull_request_template.md",
    "pull_request_template.md",
    "docs/pull_request_template.md",
    ".github/PULL_REQUEST_TEMPLATE/default.md",
    ".gitlab/merge_request_templates/Default.md",
    ".github/PULL_REQUEST_TEMPLATE/bug.md",
    ".github/PULL_REQUEST_TEMPLATE/feature.md",
    ".gitlab/merge_request_templates/Bug.md",
  ];
  for (let first = 0; first < inOrder.length; first += 1) {
    const [file, ...others] = inOrder.slice(first);
    expect(chooseTemplate(inOrder.slice(first).reverse())).toEqual({ file, others });
  }
});

test("the template is that of the commit, not what lies in the working tree", async () => {
  const text = "## What\r\n\r\n- [ ] naïve  \r\n";
  const repository = await makeRepository({ ".github/pull_request_template.md": text, "a.txt": "" });
  await repository.write({
    ".github/pull_request_template.md": "Other.\n",
    "pull_request_template.md": "Untracked.\n",
  });
  expect(await template(repository)).toEqual({ file: ".github/pull_request_template.md", text, others: [] });
});

test("a template that may be run is one, too", async () => {
  const repository = await makeRepository({ "pull_request_template.md": "Text.\n" });
  await chmod(join(repository.root, "pull_request_template.md"), 0o755);
  await repository.commit("Run");
  expect(await template(repository)).toMatchObject({ text: "Text.\n" });
});

test("a link is no template, as it has no text of its own", async () => {
  const repository = await makeRepository({ "a.txt": "" });
  await symlink("a.txt", join(repository.root, "pull_request_template.md"));
  await repository.commit("Link");
  expect(await template(repository)).toBeNull();
});

test("a repository without one, one that is empty, and a commit that is not there have none", async () => {
  const repository = await makeRepository({ "a.txt": "" });
  expect(await template(repository)).toBeNull();
  await repository.write({ "pull_request_template.md": "\n" });
  await repository.commit("Empty");
  expect(await template(repository)).toBeNull();
  expect(await readPullRequestTemplate(openGit(repository.root, repository.environment), "f".repeat(40))).toBeNull();
});

test("the template is the same from a subdirectory", async () => {
  const repository = await makeRepository({ "pull_request_template.md": "Text.\n", "src/a.txt": "" });
  const git = openGit(join(repository.root, "src"), repository.environment);
  expect(await readPullRequestTemplate(git, "HEAD")).toMatchObject({ file: "pull_request_template.md" });
});

test("ours stands below the template, a blank line between them", () => {
  expect(filledTemplate("## What\n", "OURS")).toBe("## What\n\nOURS\n");
});

test.each([
  ["a pair of markers", "A\n<!-- pushproof:begin -->\nold\n<!-- pushproof:end -->\nB\n"],
  ["the first marker alone", "A\n<!-- pushproof:begin -->\nB\n"],
])("ours goes where the template has %s", (_what, text) => {
  expect(filledTemplate(text, "OURS")).toBe("A\nOURS\nB\n");
});
