import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Repository } from "../support/repository.ts";

/** What a server was pushed. */
export interface ReceivedPush {
  readonly ref: string;
  readonly options: readonly string[];
}

/** Lets the bare remote take push options and record them, and say more to whoever pushes. */
export async function recordOptions(repository: Repository, says = ""): Promise<() => Promise<ReceivedPush[]>> {
  const record = join(repository.remote, "pushes.jsonl");
  await writeFile(record, "");
  await repository.git("--git-dir", repository.remote, "config", "receive.advertisePushOptions", "true");
  await hook(repository, "pre-receive", [
    'const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\\n");',
    "const count = Number(process.env.GIT_PUSH_OPTION_COUNT ?? 0);",
    "const options = Array.from({ length: count }, (_, index) => process.env['GIT_PUSH_OPTION_' + index]);",
    'const text = lines.map((line) => JSON.stringify({ ref: line.split(" ")[2], options }) + "\\n").join("");',
    `require("node:fs").appendFileSync(${JSON.stringify(record)}, text);`,
    `process.stderr.write(${JSON.stringify(says)});`,
  ]);
  return async () =>
    (await readFile(record, "utf8"))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
}

/**
 * Lets the bare remote treat `refs/for/*` as Gitea does: a push there makes `refs/pull/7/head`, or moves it, a rewritten
 * history only with `force-push`; nothing else comes to be.
 */
export async function makeAgitServer(repository: Repository): Promise<() => Promise<ReceivedPush[]>> {
  const recorded = await recordOptions(repository);
  await repository.git("--git-dir", repository.remote, "config", "receive.procReceiveRefs", "refs/for");
  await hook(repository, "proc-receive", procReceive.split("\n"));
  return recorded;
}

async function hook({ remote }: Repository, name: string, lines: readonly string[]): Promise<void> {
  const path = join(remote, "hooks", name);
  await writeFile(path, [`#!${process.execPath}`, ...lines, ""].join("\n"));
  await chmod(path, 0o755);
}

/** git's protocol of that hook: versions first, then the commands, then the options, each ended by a flush. */
const procReceive = `
const { readSync, writeSync } = require("node:fs");
const { execFileSync } = require("node:child_process");
const git = (...words) => execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
const succeeds = (...words) => { try { git(...words); return true; } catch { return false; } };
function exactly(length) {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const more = readSync(0, buffer, read, length - read, null);
    if (more === 0) process.exit(1);
    read += more;
  }
  return buffer.toString();
}
function packets() {
  const all = [];
  for (;;) {
    const length = parseInt(exactly(4), 16);
    if (length === 0) return all;
    all.push(exactly(length - 4).replace(/\\n$/, ""));
  }
}
const say = (text) => writeSync(1, (Buffer.byteLength(text) + 4).toString(16).padStart(4, "0") + text);
const flush = () => writeSync(1, "0000");
packets();
say("version=1\\0push-options\\n");
flush();
const commands = packets();
const options = packets();
for (const command of commands) {
  const [, commit, ref] = command.split(" ");
  const before = succeeds("rev-parse", "--verify", "refs/pull/7/head") ? git("rev-parse", "refs/pull/7/head") : null;
  const rewrites = before !== null && !succeeds("merge-base", "--is-ancestor", before, commit);
  if (before === commit) say("ng " + ref + " new commit is same with old commit\\n");
  else if (rewrites && !options.some((option) => option.startsWith("force-push"))) {
    say("ng " + ref + " request \`force-push\` push option\\n");
  } else {
    git("update-ref", "refs/pull/7/head", commit);
    process.stderr.write("Visit the pull request:\\n  https://codeberg.org/ada/ledger/pulls/7\\n");
    say("ok " + ref + "\\n");
    say("option refname refs/pull/7/head\\n");
    say("option new-oid " + commit + "\\n");
  }
}
flush();
`;
