import { chmod, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestProgramsByContent } from "../../../src/suite/reuse/programs.ts";
import { makeDirectory } from "../../support/repository.ts";

/** The digest of one program, in a home and a directory of its own. */
async function digestOf(text: (place: string) => string, at = new Date()): Promise<string> {
  const place = await makeDirectory();
  const program = join(place, "tool");
  await writeFile(program, text(place));
  await chmod(program, 0o755);
  await utimes(program, at, at);
  return digestProgramsByContent({ PATH: place, HOME: place }, place);
}

test("the same program elsewhere, written at another time, is the same", async () => {
  expect(await digestOf(() => "#!/bin/sh\n")).toBe(await digestOf(() => "#!/bin/sh\n", new Date(0)));
});

test("a script that names its own checkout or home is the same in another one", async () => {
  const script = (place: string): string => `#!${place}/.venv/bin/python\n`;
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
