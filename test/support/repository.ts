import { execFile } from "node:child_process";
import type { Dirent } from "node:fs";
import { appendFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import type { Environment } from "../../src/shared/world.ts";

const run = promisify(execFile);

/** Files by path relative to a root; `null` removes one. */
export type Files = Readonly<Record<string, string | null>>;

/** A real git repository with a bare remote called `origin`, both removed when the test ends. */
export interface Repository {
  readonly root: string;
  /** The bare remote's directory. */
  readonly remote: string;
  /** The environment for anything that runs in it: the caller's, with an identity and without the machine's git configuration. */
  readonly environment: Environment;
  write(files: Files): Promise<void>;
  /** Stages everything, commits, and gives the commit's object id. */
  commit(message: string): Promise<string>;
  /** Standard output, trimmed; throws when git fails. */
  git(...args: string[]): Promise<string>;
  /** The object id a ref of the remote points at, or null. */
  remoteCommit(ref: string): Promise<string | null>;
}

/** Has something done at the end of the test, or later where several tests share it. */
export type AtEnd = (end: () => Promise<void>) => void;

/** A temporary directory with its links resolved, removed when the test ends. */
export async function makeDirectory(atEnd: AtEnd = onTestFinished): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "pushproof-test-")));
  atEnd(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

export async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, file);
    if (content === null) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** An environment in which git knows who commits and reads no configuration but the repository's. */
export function gitEnvironment(): Environment {
  return {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ada",
    GIT_AUTHOR_EMAIL: "ada@example.com",
    GIT_COMMITTER_NAME: "Ada",
    GIT_COMMITTER_EMAIL: "ada@example.com",
  };
}

/** What `git remote add origin` writes, and that a commit starts no maintenance, which has nothing to do in a test. */
const originOf = (remote: string): string =>
  `[remote "origin"]\n\turl = ${remote}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[maintenance]\n\tauto = false\n`;

/** What `rev-parse HEAD` prints right after a commit, whose branch lies in a file of its own: without starting git. */
async function readHead(directory: string): Promise<string> {
  const head = (await readFile(join(directory, "HEAD"), "utf8")).trim();
  const [, ref] = /^ref: (.*)$/.exec(head) ?? [];
  return ref === undefined ? head : (await readFile(join(directory, ref), "utf8")).trim();
}

/** A remote that is not tidied after each push, which has nothing to do in a test. */
const untidied = "[receive]\n\tautogc = false\n";

/** Writes an empty repository of git's to a directory that is not there yet. */
type WriteRepository = (directory: string) => Promise<void>;

const emptyRepositories = new Map<string, Promise<WriteRepository>>();

/**
 * What `git init` makes, which is asked once a process: it takes longer than all that is written here. `kind` is ".git" for
 * a repository with a checkout, "bare" for one without.
 */
function emptyRepository(kind: ".git" | "bare"): Promise<WriteRepository> {
  const known = emptyRepositories.get(kind);
  if (known !== undefined) return known;
  const made = readEmptyRepository(kind);
  emptyRepositories.set(kind, made);
  return made;
}

async function readEmptyRepository(kind: ".git" | "bare"): Promise<WriteRepository> {
  const directory = await mkdtemp(join(tmpdir(), "pushproof-test-"));
  try {
    // Git's own template is 14 sample hooks.
    const words = ["init", "--quiet", "--template=", "--initial-branch=main", ...(kind === "bare" ? ["--bare"] : [])];
    await run("git", [...words, directory], { env: gitEnvironment() });
    const root = kind === "bare" ? directory : join(directory, kind);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const pathOf = (entry: Dirent): string => relative(root, join(entry.parentPath, entry.name));
    const directories = ["hooks", "info", ...entries.filter((entry) => entry.isDirectory()).map(pathOf)];
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async (entry) => [pathOf(entry), await readFile(join(root, pathOf(entry)))] as const),
    );
    return async (to) => {
      await Promise.all(directories.map((path) => mkdir(join(to, path), { recursive: true })));
      await Promise.all(files.map(([path, content]) => writeFile(join(to, path), content)));
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Commits all files: one shell that starts both takes less than two programs that this large process starts. */
async function commitAll(root: string, environment: Environment, message: string): Promise<void> {
  const both = 'git add --all && git commit --quiet --no-verify --allow-empty --message "$1"';
  await run("sh", ["-c", both, "sh", message], { cwd: root, env: { ...environment } });
}

/** The repository in a directory, whose checkout and remote may yet have to be made. */
function repositoryIn(directory: string): Repository {
  const root = join(directory, "work");
  const remote = join(directory, "remote.git");
  const environment = gitEnvironment();
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run("git", args, { cwd: root, env: environment, maxBuffer: 1 << 26 });
    return stdout.trim();
  };
  const commit = async (message: string): Promise<string> => {
    await commitAll(root, environment, message);
    return await readHead(join(root, ".git"));
  };
  return {
    root,
    remote,
    environment,
    write: (files) => writeFiles(root, files),
    commit,
    git,
    remoteCommit: async (ref) => {
      const line = await git("ls-remote", remote, ref);
      return line === "" ? null : (line.split("\t")[0] ?? null);
    },
  };
}

/** Makes a repository on branch `main` whose first commit holds the files; nothing is pushed yet. */
export async function makeRepository(files: Files, atEnd?: AtEnd): Promise<Repository> {
  const repository = repositoryIn(await makeDirectory(atEnd));
  const { root, remote, environment, write } = repository;
  const [writeGit, writeBare] = await Promise.all([emptyRepository(".git"), emptyRepository("bare")]);
  await Promise.all([writeGit(join(root, ".git")), writeBare(remote), write(files)]);
  await Promise.all([
    appendFile(join(root, ".git", "config"), originOf(remote)),
    appendFile(join(remote, "config"), untidied),
  ]);
  await commitAll(root, environment, "Begin");
  return repository;
}

/** A copy of a repository, of what its checkout holds and of its remote, for what would begin in the same way. */
export async function copyRepository(original: Repository, atEnd?: AtEnd): Promise<Repository> {
  const directory = await makeDirectory(atEnd);
  const repository = repositoryIn(directory);
  await run("cp", ["-a", original.root, original.remote, directory]);
  const config = join(repository.root, ".git", "config");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replaceAll(original.remote, repository.remote));
  // The index holds what the files were like where they lay.
  await repository.git("update-index", "-q", "--refresh");
  return repository;
}
