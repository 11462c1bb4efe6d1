import type { SimpleGit } from "simple-git";

/** Which of the files, relative to the root of the checkout that git is in, its attributes call generated. */
export async function generatedFiles(git: SimpleGit, files: readonly string[]): Promise<ReadonlySet<string>> {
  const generated = new Set<string>();
  // A command line holds only so much.
  for (let start = 0; start < files.length; start += 500) {
    const some = files.slice(start, start + 500);
    const output = await git.raw(["check-attr", "-z", "linguist-generated", "--", ...some]);
    const fields = output.split("\0");
    for (let index = 0; index + 2 < fields.length; index += 3) {
      const [file = "", , value = ""] = fields.slice(index);
      if (value === "set" || value === "true") generated.add(file);
    }
  }
  return generated;
}
