import { describe, expect, test } from "vitest";
import { readAddedLines } from "../../../src/coverage/diff/added-lines.ts";
import { openGit } from "../../../src/git/client.ts";
import { type Files, makeRepository, type Repository } from "../../support/repository.ts";

const pathspecs = [":(top,glob)**/*.py"];
const body = Array.from({ length: 12 }, (_, index) => `total_${index} = compute_the_balance_of(${index})\n`).join("");

/** What two commits differ in: by file, the added lines, those that were moved with a ~. */
async function addedBy(repository: Repository, working = false): Promise<Record<string, string[]>> {
  const git = openGit(repository.root, repository.environment);
  const to = working ? null : await repository.git("rev-parse", "HEAD");
  const added = await readAddedLines({ git, from: await repository.git("rev-parse", "base"), to, pathspecs });
  return Object.fromEntries(
    [...added].map(([file, lines]) => [
      file,
      lines.map(({ line, text, isMoved }) => `${isMoved ? "~" : ""}${line} ${text}`),
    ]),
  );
}

async function changed(before: Files, after: Files): Promise<Repository> {
  const repository = await makeRepository(before);
  await repository.git("tag", "base");
  await repository.write(after);
  await repository.commit("Change");
  return repository;
}

describe("the lines that a commit adds", () => {
  test("have the number and the text that they have in the new file", async () => {
    const repository = await changed({ "a.py": "one\ntwo\nthree\n" }, { "a.py": "one\n2\nthree\nfour\n" });
    expect(await addedBy(repository)).toEqual({ "a.py": ["2 2", "4 four"] });
  });

  test("of a new file are all of its lines", async () => {
    expect(await addedBy(await changed({}, { "src/a.py": "one\n\ntwo" }))).toEqual({
      "src/a.py": ["1 one", "2 ", "3 two"],
    });
  });

  test("of a renamed file are only those that are new", async () => {
    const repository = await changed({ "a.py": body }, { "a.py": null, "b.py": `${body}last = 1\n` });
    expect(await addedBy(repository)).toEqual({ "b.py": ["13 last = 1"] });
  });

  test("are marked where git finds them moved from elsewhere", async () => {
    const repository = await changed(
      { "a.py": `first = 1\n${body}`, "b.py": "other = 1\n" },
      { "a.py": "first = 1\n", "b.py": `other = 1\n${body}new = 2\n` },
    );
    const { "b.py": lines = [], ...rest } = await addedBy(repository);
    expect(rest).toEqual({ "a.py": [] });
    expect(lines.filter((line) => line.startsWith("~"))).toHaveLength(12);
    expect(lines.at(-1)).toBe("14 new = 2");
  });

  test("are those of the files that matter alone", async () => {
    expect(await addedBy(await changed({}, { "a.py": "1\n", "package-lock.json": "{}\n" }))).toEqual({
      "a.py": ["1 1"],
    });
  });

  test("are found whatever they look like", async () => {
    const text = "+++ b/c.py\n--- a/c.py\n@@ -1 +1,9 @@\n-x\n+y\n\\ No newline at end of file\n";
    const repository = await changed({ "a.py": "-gone\n" }, { "a.py": text });
    expect(await addedBy(repository)).toEqual({
      "a.py": text
        .trimEnd()
        .split("\n")
        .map((line, index) => `${index + 1} ${line}`),
    });
  });

  test.each(["a b.py", 'a"b.py', "a\tb.py", "ä.py", "dir b/x.py"])(
    "are found in a file that is called %j",
    async (name) => {
      expect(await addedBy(await changed({}, { [name]: "1\n" }))).toEqual({ [name]: ["1 1"] });
    },
  );

  test.each([
    ["diff.noprefix", "true"],
    ["diff.mnemonicPrefix", "true"],
    ["diff.external", "false"],
    ["color.diff.new", "magenta"],
    ["diff.colorMoved", "no"],
    ["diff.context", "5"],
    ["diff.renames", "false"],
    ["diff.relative", "true"],
  ])("are the same for a user who has set %s to %s", async (key, value) => {
    const repository = await changed({ "a.py": body }, { "a.py": null, "src/b.py": `${body}last = 1\n` });
    await repository.git("config", key, value);
    expect(await addedBy(repository)).toEqual({ "src/b.py": ["13 last = 1"] });
  });

  test("with Windows line ends come without them", async () => {
    expect(await addedBy(await changed({}, { "a.py": "one\r\ntwo\r\n" }))).toEqual({ "a.py": ["1 one", "2 two"] });
  });
});

test("the working tree adds what is not committed, and what git does not know yet", async () => {
  const repository = await changed({ "a.py": "one\n", ".gitignore": "ignored.py\n" }, { "a.py": "one\ntwo\n" });
  await repository.write({ "a.py": "one\ntwo\nthree\n", "new.py": "1\n2\n", "ignored.py": "1\n" });
  expect(await addedBy(repository, true)).toEqual({ "a.py": ["2 two", "3 three"], "new.py": ["1 1", "2 2"] });
});
