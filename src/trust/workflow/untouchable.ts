import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gitLineOrNull } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";
import type { YamlSource } from "./yaml-source.ts";

/**
 * Why a file may not be edited, as a phrase; null where it may: what git has of it is what lies there, so that nothing
 * of the user's can be lost.
 */
export async function whyUntouchable({ root, git }: Repository, { file, text }: YamlSource): Promise<string | null> {
  const path = join(root, file);
  const status = await lstat(path).catch(() => null);
  if (status === null || !status.isFile()) return "it is a link";
  if (!Buffer.from(text).equals(await readFile(path))) return "it is not written in UTF-8, or has just changed";
  const committed = await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", `HEAD:${file}`);
  const staged = await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", `:${file}`);
  // Asked of the file itself: git may have been told to look away from it.
  const lying = await gitLineOrNull(git, "hash-object", `--path=${file}`, "--", file);
  const isCommitted = committed !== null && committed === staged && committed === lying;
  return isCommitted ? null : "it has changes that are not committed: commit them first";
}
