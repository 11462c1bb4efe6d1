import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { queryUrl } from "../support/postgres.ts";
import { listProcesses, marked } from "./processes.ts";
import type { Scene } from "./scene.ts";

/** What the runs of a scene have left, a line each; `programs` are the process ids that the program had in them. */
export async function findLeftovers(
  scene: Scene,
  programs: ReadonlySet<number>,
  databases?: string,
): Promise<string[]> {
  const { repository, cache, temporary } = scene;
  const git = join(repository.root, ".git");
  const all = listProcesses();
  const runs = [...new Set(["/dev/shm", "/tmp", temporary])].flatMap((place) => runsIn(place));
  const ours = runs.filter((run) => run.directory === repository.root || programs.has(run.owner ?? -1));
  return [
    ...marked(all, scene.mark).map(({ pid, words }) => `process ${pid}: ${words.join(" ")}`),
    ...ours.map(({ path }) => `server directory ${path}`),
    ...all
      .filter(({ words }) => ours.some(({ path }) => words.join(" ").includes(path)))
      .map(({ pid, words }) => `server process ${pid}: ${words.join(" ").slice(0, 80)}`),
    ...namesIn(temporary).map((name) => `temporary ${name}`),
    ...namesIn(join(cache, "pushproof", "worktrees"))
      .filter((name) => name.includes(scene.pushed.slice(0, 10)) && isOf(scene, name))
      .map((name) => `worktree ${name}`),
    ...namesIn(join(git, "worktrees")).map((name) => `git's record of the worktree ${name}`),
    ...(readdirSync(git, { recursive: true }) as string[])
      .filter((path) => path.startsWith("verify/running/") || /(\.lock|[0-9a-f]{12}tmp)$/.test(path))
      .map((path) => `.git/${path}`),
    ...namesIn(join(repository.root, ".verify"))
      .filter((name) => name.endsWith("tmp"))
      .map((name) => `.verify/${name}`),
    ...(databases === undefined ? [] : await databasesAt(databases)),
  ];
}

/** The scenes share a cache, in which git's records of worktrees tell whose a worktree is. */
function isOf({ repository, cache }: Scene, name: string): boolean {
  const link = join(cache, "pushproof", "worktrees", name, ".git");
  return !existsSync(link) || readFileSync(link, "utf8").includes(repository.root);
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** The directories of embedded servers, with the process that owns each and the checkout it is for, where they say so. */
function runsIn(place: string): { path: string; owner: number | undefined; directory: string | undefined }[] {
  return namesIn(place)
    .filter((name) => name.startsWith("pushproof-postgres-"))
    .map((name) => {
      const path = join(place, name);
      return { path, owner: read(path, "owner.json").pid, directory: read(path, "run.json").directory };
    });
}

function read(path: string, file: string): { pid?: number; directory?: string } {
  try {
    return JSON.parse(readFileSync(join(path, file), "utf8"));
  } catch {
    return {};
  }
}

async function databasesAt(url: string): Promise<string[]> {
  const rows = await queryUrl(
    url,
    "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')",
  );
  const [locks] = await queryUrl(url, "SELECT count(*)::integer AS held FROM pg_locks WHERE locktype = 'advisory'");
  return [...rows.map(({ datname }) => `database ${datname}`), ...(locks?.held > 0 ? [`${locks?.held} locks`] : [])];
}
