import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestPrograms, digestProgramsByContent } from "../../../src/suite/reuse/programs.ts";
import { makeDirectory } from "../../support/repository.ts";

/** The digest of one program, with a home and a checkout of its own, in which it lies. */
async function digestOf(text: (place: string, home: string) => string, at = new Date()): Promise<string> {
  const [place, home] = [await makeDirectory(), await makeDirectory()];
  const program = join(place, "tool");
  await writeFile(program, text(place, home));
  await chmod(program, 0o755);
  await utimes(program, at, at);
  return digestProgramsByContent({ PATH: place, HOME: home }, place);
}

test("the same program elsewhere, written at another time, is the same", async () => {
  expect(await digestOf(() => "#!/bin/sh\n")).toBe(await digestOf(() => "#!/bin/sh\n", new Date(0)));
});

test.each([
  ["checkout", (place: string) => `#!${place}/.venv/bin/python\n`],
  ["home", (_: string, home: string) => `#!${home}/.local/bin/python\n`],
])("a script that names its own %s is the same in another one", async (_, script) => {
  expect(await digestOf(script)).toBe(await digestOf(script));
});

test("a program of another content and the same size is another one, a large one at either end", async () => {
  expect(await digestOf(() => "#!/bin/sh\n: a\n")).not.toBe(await digestOf(() => "#!/bin/sh\n: b\n"));
  const large = (first: string, last: string): string => `${first}${"x".repeat(100_000)}${last}`;
  const digests = await Promise.all(
    [large("a", "a"), large("b", "a"), large("a", "b")].map((text) => digestOf(() => text)),
  );
  expect(new Set(digests).size).toBe(3);
});

/** The digest of one program in a checkout of its own, as each worktree has it anew. */
async function digestInCheckout(text: string): Promise<string> {
  const checkout = await makeDirectory();
  const bin = join(checkout, "node_modules/.bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "tool"), text, { mode: 0o755 });
  return digestPrograms({ PATH: bin, HOME: "/nowhere" }, checkout);
}

test("a checkout's own program is the same in another worktree, and another one with other content", async () => {
  const digest = await digestInCheckout("#!/bin/sh\n");
  expect(await digestInCheckout("#!/bin/sh\n")).toBe(digest);
  expect(await digestInCheckout("#!/bin/ksh\n")).not.toBe(digest);
});
