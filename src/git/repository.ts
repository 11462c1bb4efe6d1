import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { messageOf, RequestError, UnavailableError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import { gitLine, openGit } from "./client.ts";

/** The repository in which the program was called. */
export interface Repository {
  /** The absolute root of the checkout. */
  readonly root: string;
  /** The absolute git directory shared by all linked worktrees; receipts are in its `verify`. */
  readonly commonDirectory: string;
  /** Git in `root`. */
  readonly git: SimpleGit;
}

/** Finds the repository of the current directory. Throws RequestError outside of one. */
export async function openRepository(world: World): Promise<Repository> {
  const here = openGit(world.directory, world.environment);
  const places = ["--path-format=absolute", "--show-toplevel", "--git-common-dir"];
  const answer = await gitLine(here, "rev-parse", ...places).catch((error: unknown) => {
    throw explain(messageOf(error), world.directory);
  });
  // Both are absolute, and a directory's name may hold a line end.
  const end = answer.lastIndexOf("\n/");
  const root = answer.slice(0, end);
  return { root, commonDirectory: answer.slice(end + 1), git: openGit(root, world.environment) };
}

function explain(message: string, directory: string): Error {
  if (/spawn \S* ?ENOENT/.test(message)) return new UnavailableError("git cannot be started: it is not on PATH.");
  if (message.includes("dubious ownership")) {
    return new UnavailableError(
      `Git refuses ${directory}, which belongs to another user: \`git config --global --add safe.directory ${directory}\` allows it.`,
    );
  }
  // Of a repository that is there but damaged, git says what is wrong.
  if (existsSync(join(directory, ".git")) && !message.includes("must be run in a work tree")) {
    const why = message.replace(/^(fatal|error): /gm, "").trim();
    return new UnavailableError(`Git cannot read the repository in ${directory}: ${why.replace(/\.+$/, "")}.`);
  }
  return new RequestError(
    `${directory} is not in a git checkout: run this in a repository, or begin one with \`git init\`.`,
  );
}
