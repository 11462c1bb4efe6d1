import { rm } from "node:fs/promises";
import { join } from "node:path";
import { gitEnvironment, gitLine } from "../../git/client.ts";
import { asListed } from "../../git/environment.ts";
import { isObjectId, ObjectReader } from "../../git/object-reader.ts";
import { remoteEnvironment, transportConfig } from "../../git/remote-config.ts";
import { listRemotes } from "../../git/remotes.ts";
import type { Repository } from "../../git/repository.ts";
import { RequestError, UnavailableError } from "../../shared/errors.ts";
import { type ProgramPlace, runProgram } from "../../shared/exec/run-program.ts";
import { makeOwnedDirectory } from "../../shared/owned-directory.ts";
import { withoutCredentials } from "../../shared/redact.ts";
import { plainLine } from "../../shared/text.ts";
import type { World } from "../../shared/world.ts";

/** How long a remote may take for one answer, in milliseconds. */
const patience = 300_000;

/** What a remote has, as it says. */
export interface RemoteRefs {
  /** The default branch, such as `refs/heads/main`, and its commit's id; null where the remote names none. */
  readonly head: { readonly ref: string; readonly id: string } | null;
  /** The object ids of the refs that were asked for, as far as they are there. */
  readonly refs: ReadonlyMap<string, string>;
}

/**
 * A remote, seen through a bare repository of our own in a private temporary directory. What is fetched goes there, so
 * that the checkout's refs, index, configuration, objects and depth stay as they are.
 */
export class RemoteView {
  /** Private; for copies of files as well. */
  readonly directory: string;
  /** Reads what was fetched, and what the checkout has. */
  readonly reader: ObjectReader;
  readonly #remote: string;
  readonly #place: ProgramPlace;

  private constructor(directory: string, remote: string, place: ProgramPlace, objects: string) {
    this.directory = directory;
    this.#remote = remote;
    this.#place = place;
    // Only for reading: a shallow checkout lacks history, which a server that is told of its commits would leave out.
    const environment = { ...place.environment, GIT_ALTERNATE_OBJECT_DIRECTORIES: asListed(objects) };
    this.reader = new ObjectReader({ ...place, environment }, (ids) => this.#fetchBlobs(ids));
  }

  /** Opens the view; nothing is fetched yet. Throws RequestError for an unknown remote. */
  static async open(
    { git, root }: Repository,
    remote: string,
    { environment, signal }: Pick<World, "environment" | "signal">,
  ): Promise<RemoteView> {
    const remotes = await listRemotes(git);
    if (!remotes.includes(remote)) {
      const known = remotes.length === 0 ? "This repository has none" : `Known: ${remotes.join(", ")}`;
      throw new RequestError(`There is no remote "${remote}". ${known}.`);
    }
    const directory = await makeOwnedDirectory(environment);
    try {
      const gitDirectory = join(directory, "view.git");
      const objects = await gitLine(git, "rev-parse", "--path-format=absolute", "--git-path", "objects");
      const format = await gitLine(git, "rev-parse", "--show-object-format");
      // From the root, as a remote's path may be relative to it.
      const own = {
        directory: root,
        environment: { ...remoteEnvironment(environment), GIT_DIR: gitDirectory },
        signal,
      };
      // Without templates, which may hold hooks.
      await makeRepository(["--template=", `--object-format=${format}`], own);
      const checkout = { ...own, environment: gitEnvironment(environment) };
      const transport = await transportConfig(remote, checkout, own);
      return new RemoteView(directory, remote, { ...own, environment: { ...own.environment, ...transport } }, objects);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Removes everything. */
  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Asks the remote for refs by their full names. Throws UnavailableError where it does not answer. */
  async list(names: readonly string[]): Promise<RemoteRefs> {
    const output = await this.#ask(["ls-remote", "--symref", this.#remote, "HEAD", ...names]);
    const lines = output.split("\n").map((line) => line.split("\t"));
    const heads = lines.filter(([, name]) => name === "HEAD").map(([value = ""]) => value);
    const ref = heads.find((value) => value.startsWith("ref: "))?.slice("ref: ".length);
    const id = heads.find(isObjectId);
    return {
      head: ref === undefined || id === undefined ? null : { ref, id },
      // A pattern also matches the end of longer names.
      refs: new Map(
        lines.flatMap(([value = "", name = ""]) =>
          isObjectId(value) && names.includes(name) ? [[name, value] as const] : [],
        ),
      ),
    };
  }

  /**
   * Fetches commits, by their full ids, without their history. Files come when the reader is asked for them, where the
   * remote can send them one by one. Throws UnavailableError where it does not answer.
   */
  async fetchCommits(ids: readonly string[]): Promise<void> {
    await this.#fetch(["--depth=1", "--filter=blob:none", this.#remote, ...new Set(ids)]);
  }

  /** A remote of an older protocol gives no single blobs, but has sent all of them with the commits already. */
  async #fetchBlobs(ids: readonly string[]): Promise<void> {
    await this.#fetch([this.#remote, ...new Set(ids)]).catch((error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
    });
  }

  async #fetch(words: readonly string[]): Promise<void> {
    const quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"];
    await this.#ask(["fetch", ...quiet, ...words]);
  }

  async #ask(words: readonly string[]): Promise<string> {
    const end = await runProgram(["git", ...words], { ...this.#place, timeout: patience });
    if (end.exitCode === 0) return end.stdout;
    const said = end.stderr.split("\n").map((line) => plainLine(withoutCredentials(line)));
    const why = said.filter(Boolean).join(" ") || end.startError || `no answer within ${patience / 1000} s`;
    throw new UnavailableError(`${this.#remote} could not be asked, so nothing is proven: ${why}`);
  }
}

async function makeRepository(options: readonly string[], place: ProgramPlace): Promise<void> {
  const { exitCode, output } = await runProgram(["git", "init", "--quiet", "--bare", ...options], place);
  if (exitCode !== 0) throw new UnavailableError(`No temporary repository can be made: ${plainLine(output)}.`);
}
