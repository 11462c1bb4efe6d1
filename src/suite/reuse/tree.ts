import { join, posix } from "node:path";
import { matchesAny } from "../../coverage/files/file-kinds.ts";
import { openGit } from "../../git/client.ts";
import type { Checkout } from "../../push/checkout.ts";
import type { Environment } from "../../shared/world.ts";
import { stateOfFile } from "./digest-files.ts";
import { isForPeople } from "./surroundings.ts";

/** A text for each verified file, relative to the root, that is the same only for the same content. */
export type Tree = Readonly<Record<string, string>>;

/** What changed between two trees, by name. */
export interface TreeChanges {
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly deleted: readonly string[];
  /** Directories in which the earlier tree had no file. */
  readonly directories: readonly string[];
}

/** The verified files: git's ids for what is committed, else digests. */
export async function readTree(checkout: Pick<Checkout, "kind" | "root">, environment: Environment): Promise<Tree> {
  const git = openGit(checkout.root, environment);
  const listed = await git.raw(["ls-files", "--stage", "-z"]);
  const tree: Record<string, string> = {};
  for (const entry of listed.split("\0").filter(Boolean)) {
    const [facts = "", name = ""] = entry.split("\t");
    const [mode, id] = facts.split(" ");
    tree[name] = `${mode} ${id}`;
  }
  if (checkout.kind !== "working tree") return tree;
  const status = await git.raw([
    "-c",
    "core.fsmonitor=false",
    "status",
    "--porcelain=v1",
    "-z",
    "--no-renames",
    "--untracked-files=all",
  ]);
  for (const entry of status.split("\0").filter(Boolean)) {
    const name = entry.slice(3);
    const state = await stateOfFile(join(checkout.root, name));
    if (state === "missing") delete tree[name];
    else tree[name] = state;
  }
  return tree;
}

/** What changed, without files that no suite is taken to read and those that `inputs` do not name. */
export function changesOf(before: Tree, now: Tree, inputs: readonly string[] | undefined): TreeChanges {
  const isInput = inputs === undefined ? () => true : matchesAny(inputs.flatMap(withContent));
  const matters = (file: string): boolean => !isForPeople(file) && !file.startsWith("docs/") && isInput(file);
  const known = directoriesOf(Object.keys(before));
  return {
    added: Object.keys(now).filter((file) => !(file in before) && matters(file)),
    modified: Object.keys(now).filter((file) => file in before && before[file] !== now[file] && matters(file)),
    deleted: Object.keys(before).filter((file) => !(file in now) && matters(file)),
    directories: [...directoriesOf(Object.keys(now))].filter((directory) => !known.has(directory)),
  };
}

/** A directory stands for everything in it. */
function withContent(glob: string): string[] {
  const plain = glob.replace(/^\.\//, "").replace(/\/$/, "");
  return [plain, `${plain}/**`];
}

function directoriesOf(files: readonly string[]): Set<string> {
  const directories = new Set<string>();
  for (const file of files) {
    for (let place = posix.dirname(file); place !== "." && !directories.has(place); place = posix.dirname(place)) {
      directories.add(place);
    }
  }
  return directories;
}
