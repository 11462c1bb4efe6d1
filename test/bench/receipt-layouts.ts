import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A signed receipt that is to travel. */
export interface TravelingReceipt {
  /** The id of its tree. */
  readonly tree: string;
  /** The envelope, one line. */
  readonly envelope: string;
}

/** A way of keeping receipts on a remote. */
export interface Layout {
  readonly name: string;
  /** Puts all of them into a bare repository, one after the other as a team would. */
  fill(remote: string, receipts: readonly TravelingReceipt[]): void;
  /** Sends one more from a clone. */
  send(clone: string, receipt: TravelingReceipt): void;
  /** Fetches what is needed to find one tree's receipts in a clone that has none yet, and gives them. */
  find(clone: string, tree: string): string;
}

/** Runs git in a directory and gives what it prints; throws where it fails. */
export function git(directory: string, words: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync("git", words, {
    cwd: directory,
    encoding: "utf8",
    input,
    maxBuffer: 1 << 30,
    env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  });
  if (status !== 0) throw new Error(`git ${words.join(" ").slice(0, 200)} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

const author = "Ada <ada@example.com> 1769508900 +0000";
const blob = (mark: number, text: string): string => `blob\nmark :${mark}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
const commit = (ref: string, ...changes: readonly string[]): string =>
  `commit ${ref}\ncommitter ${author}\ndata 0\n${changes.join("\n")}\n\n`;

/** One note a tree, one envelope a line, joined by `cat_sort_uniq`. */
const notes: Layout = {
  name: "notes",
  fill: (remote, receipts) => {
    const stream = receipts.map(
      ({ tree, envelope }, index) =>
        blob(index + 1, `${envelope}\n`) + commit("refs/notes/verify", `M 100644 :${index + 1} ${fannedOut(tree)}`),
    );
    git(remote, ["fast-import", "--quiet"], stream.join(""));
  },
  send: (clone, { tree, envelope }) => {
    const commands = [
      ["fetch", "--quiet", "origin", "+refs/notes/verify:refs/notes/origin/verify"],
      ["notes", "--ref", "verify", "merge", "--quiet", "--strategy", "cat_sort_uniq", "refs/notes/origin/verify"],
      ["notes", "--ref", "verify", "append", "-m", envelope, tree],
      ["push", "--quiet", "--no-verify", "origin", "refs/notes/verify"],
    ];
    for (const words of commands) git(clone, [...identity, ...words]);
  },
  find: (clone, tree) => {
    git(clone, ["fetch", "--quiet", "--depth", "1", "origin", "+refs/notes/verify:refs/notes/verify"]);
    return git(clone, ["notes", "--ref", "verify", "show", tree]);
  },
};

/** Where git keeps the note of an object, among some thousands of notes. */
const fannedOut = (tree: string): string => `${tree.slice(0, 2)}/${tree.slice(2)}`;

/** One ref a receipt, below one a tree: `refs/verify/TREE/BLOB`, so that two receipts of a tree do not meet. */
const refs: Layout = {
  name: "a ref a tree",
  fill: (remote, receipts) => {
    const stream = receipts.map(({ envelope }, index) => blob(index + 1, `${envelope}\n`));
    const marks = `${remote}/marks`;
    git(remote, ["fast-import", "--quiet", `--export-marks=${marks}`], stream.join(""));
    const lines = readFileSync(marks, "utf8").trim().split("\n");
    const byMark = new Map(lines.map((line) => line.slice(1).split(" ") as [string, string]));
    const updates = receipts.map(({ tree }, index) => {
      const id = byMark.get(String(index + 1));
      return `create refs/verify/${tree}/${id} ${id}\n`;
    });
    git(remote, ["update-ref", "--stdin"], updates.join(""));
  },
  send: (clone, { tree, envelope }) => {
    const id = git(clone, ["hash-object", "-w", "--stdin"], `${envelope}\n`);
    git(clone, ["push", "--quiet", "--no-verify", "origin", `${id}:refs/verify/${tree}/${id}`]);
  },
  find: (clone, tree) => {
    git(clone, ["fetch", "--quiet", "origin", `+refs/verify/${tree}/*:refs/verify/${tree}/*`]);
    const id = git(clone, ["for-each-ref", "--format=%(objectname)", `refs/verify/${tree}/`]);
    return git(clone, ["cat-file", "blob", id]);
  },
};

/** 256 refs, by the first two digits of the tree, each a small history of files `TREE/BLOB`. */
const shards: Layout = {
  name: "a ref for 1/256 of the trees",
  fill: (remote, receipts) => {
    const stream = receipts.map(
      ({ tree, envelope }, index) =>
        blob(index + 1, `${envelope}\n`) + commit(shardOf(tree), `M 100644 :${index + 1} ${tree}/${index}`),
    );
    git(remote, ["fast-import", "--quiet"], stream.join(""));
  },
  send: (clone, { tree, envelope }) => {
    const shard = shardOf(tree);
    git(clone, ["fetch", "--quiet", "origin", `+${shard}:${shard}`]);
    const id = git(clone, ["hash-object", "-w", "--stdin"], `${envelope}\n`);
    const inner = git(clone, ["mktree"], `100644 blob ${id}\t${id}\n`);
    const entries = git(clone, ["ls-tree", shard]);
    const outer = git(clone, ["mktree"], `${entries}\n040000 tree ${inner}\t${tree}\n`);
    const made = git(clone, [...identity, "commit-tree", "-p", shard, "-m", "", outer]);
    git(clone, ["push", "--quiet", "--no-verify", "origin", `${made}:${shard}`]);
  },
  find: (clone, tree) => {
    const shard = shardOf(tree);
    git(clone, ["fetch", "--quiet", "--depth", "1", "origin", `+${shard}:${shard}`]);
    const [name] = git(clone, ["ls-tree", "--name-only", `${shard}:${tree}`]).split("\n");
    return git(clone, ["cat-file", "blob", `${shard}:${tree}/${name}`]);
  },
};

const shardOf = (tree: string): string => `refs/verify/${tree.slice(0, 2)}`;
const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];

export const layouts: readonly Layout[] = [notes, refs, shards];
