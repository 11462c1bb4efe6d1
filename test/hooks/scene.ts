import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { prove } from "../push/support.ts";
import { makeRepository, type Repository } from "../support/repository.ts";

export const zeros = "0".repeat(40);
const script = join(packageRoot, "hooks/pre-push");

interface Answer {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A repository and a `node` that writes down how it was started, then ends as `ending` does: by exit code 7, by default. */
export interface Scene extends Repository {
  /** Its PATH begins with the stub. */
  readonly environment: Environment;
  push(
    input: string,
    options?: { environment?: Environment; script?: string; directory?: string; words?: readonly string[] },
  ): Promise<Answer>;
  /** The arguments and the standard input node was started with, or null where it was not. */
  started(): Promise<{ words: string; input: string } | null>;
  /** Keeps a receipt for the tree of a commit, as a verification that passed does. */
  prove(commit: string): Promise<void>;
}

export async function makeScene(ending = "exit 7"): Promise<Scene> {
  const repository = await makeRepository({ "a.txt": "one\n" });
  const record = join(repository.root, "../record");
  const stub = `#!/bin/sh\nprintf '%s\\n' "$@" >'${record}'\ncat >'${record}.input'\n${ending}\n`;
  await mkdir(join(repository.root, "../bin"));
  await writeFile(join(repository.root, "../bin/node"), stub, { mode: 0o755 });
  const environment = {
    ...repository.environment,
    PATH: `${join(repository.root, "../bin")}:${repository.environment.PATH}`,
  };
  return {
    ...repository,
    environment,
    push: (input, options = {}) =>
      answer(options.script ?? script, options.words ?? ["origin", repository.remote], input, {
        cwd: options.directory ?? repository.root,
        env: { ...environment, ...options.environment },
      }),
    started: async () => {
      const words = await readFile(record, "utf8").catch(() => null);
      return words === null ? null : { words, input: await readFile(`${record}.input`, "utf8") };
    },
    prove: (commit) => prove({ ...repository, environment }, commit),
  };
}

async function answer(
  path: string,
  words: readonly string[],
  input: string,
  options: { cwd: string; env: Environment },
): Promise<Answer> {
  const child = spawn("/bin/sh", [path, ...words], options);
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, output, errors };
}

/** A line of git's that pushes a commit to a new branch of the same name. */
export function lineOf(commit: string, ref = "refs/heads/main"): string {
  return `${ref} ${commit} ${ref} ${zeros}\n`;
}

/** A second commit, of other files. */
export async function addCommit(repository: Repository): Promise<string> {
  await repository.write({ "a.txt": "two\n" });
  return await repository.commit("Second");
}

/** Pushes main by git itself, with the hook and with the stub first on PATH. */
export async function pushReally(scene: Scene): Promise<void> {
  const path = join(scene.root, "../bin");
  await scene.write({ ".git/hooks/pre-push": `#!/bin/sh\nPATH='${path}':$PATH exec sh '${script}' "$@"\n` });
  await chmod(join(scene.root, ".git/hooks/pre-push"), 0o755);
  await scene.git("push", "--quiet", "origin", "main");
}

/** A package of ours with the real hook and nothing else in it; gives the hook's path. */
export async function makePackage(scene: Scene): Promise<{ directory: string; hook: string }> {
  const directory = join(scene.root, "../package");
  await cp(join(packageRoot, "hooks"), join(directory, "hooks"), { recursive: true });
  return { directory, hook: join(directory, "hooks/pre-push") };
}
