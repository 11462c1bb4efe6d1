import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ObjectReader } from "../../src/git/object-reader.ts";
import { makeRepository } from "../support/repository.ts";

test("a commit's tree and parents are those that git takes, whatever its other lines say", async () => {
  const { root, environment, git, commit } = await makeRepository({ "a.txt": "one\n" });
  const [first, second] = [await git("rev-parse", "HEAD"), await commit("Second")];
  const tree = await git("rev-parse", "HEAD^{tree}");
  const file = join(root, "../commit");
  const who = "A <a@example.com> 1 +0000";
  await writeFile(
    file,
    `tree ${tree}\nparent ${first}\nauthor ${who}\ncommitter ${who}\nparent ${second}\ntree ${first}\n\nparent ${second}\n`,
  );
  const id = await git("hash-object", "-t", "commit", "-w", "--literally", file);
  const reader = new ObjectReader({ directory: root, environment });
  expect(await reader.commit(id)).toEqual({ id, tree, parents: [first] });
});
