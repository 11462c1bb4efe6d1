import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGit } from "../../git/client.ts";
import type { Environment } from "../../shared/world.ts";

/**
 * Which of the files, relative to the root of a checkout, the attributes in its own files call generated. Git is asked from
 * an empty repository: what a user's own settings or `.git/info/attributes` say is nobody else's.
 */
export async function generatedFiles(
  root: string,
  files: readonly string[],
  environment: Environment,
): Promise<ReadonlySet<string>> {
  const generated = new Set<string>();
  if (files.length === 0) return generated;
  const directory = await mkdtemp(join(tmpdir(), "pushproof-attributes-"));
  try {
    const git = openGit(root, environment);
    await makeEmptyRepository(directory);
    const own = ["-c", "core.attributesFile=/dev/null"];
    const ask = [
      ...own,
      `--git-dir=${directory}`,
      `--work-tree=${root}`,
      "check-attr",
      "-z",
      "linguist-generated",
      "--",
    ];
    // A command line holds only so much.
    for (let start = 0; start < files.length; start += 500) {
      const fields = (await git.raw([...ask, ...files.slice(start, start + 500)])).split("\0");
      for (let index = 0; index + 2 < fields.length; index += 3) {
        const [file = "", , value = ""] = fields.slice(index);
        if (value === "set" || value === "true") generated.add(file);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return generated;
}

/** By hand: `git init` would copy the user's own template into it. */
async function makeEmptyRepository(directory: string): Promise<void> {
  await mkdir(join(directory, "objects"));
  await mkdir(join(directory, "refs"));
  await writeFile(join(directory, "HEAD"), "ref: refs/heads/main\n");
  await writeFile(join(directory, "config"), "[core]\n\trepositoryformatversion = 0\n");
}
