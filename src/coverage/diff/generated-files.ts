import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openGit } from "../../git/client.ts";
import { withOwnedDirectory } from "../../shared/owned-directory.ts";
import type { Environment } from "../../shared/world.ts";

/**
 * The files, relative to a checkout's root, that its own attributes mark as generated. Runs git in an empty repository,
 * so that the user's settings and `.git/info/attributes` have no effect.
 */
export async function generatedFiles(
  root: string,
  files: readonly string[],
  environment: Environment,
): Promise<ReadonlySet<string>> {
  const generated = new Set<string>();
  if (files.length === 0) return generated;
  await withOwnedDirectory(environment, async (directory) => {
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
    // Splits the list, as command lines are limited in length.
    for (let start = 0; start < files.length; start += 500) {
      const fields = (await git.raw([...ask, ...files.slice(start, start + 500)])).split("\0");
      for (let index = 0; index + 2 < fields.length; index += 3) {
        const [file = "", , value = ""] = fields.slice(index);
        if (value === "set" || value === "true") generated.add(file);
      }
    }
  });
  return generated;
}

/** Created by hand: `git init` would copy the user's template. */
async function makeEmptyRepository(directory: string): Promise<void> {
  await mkdir(join(directory, "objects"));
  await mkdir(join(directory, "refs"));
  await writeFile(join(directory, "HEAD"), "ref: refs/heads/main\n");
  await writeFile(join(directory, "config"), "[core]\n\trepositoryformatversion = 0\n");
}
