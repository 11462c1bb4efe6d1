import { UnavailableError } from "../shared/errors.ts";
import { type ProgramPlace, runProgram } from "../shared/exec/run-program.ts";
import { plainLine } from "../shared/text.ts";

/** A commit and what it leads to, all full ids. */
export interface CommitObject {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
}

/** An entry of a tree. */
export interface TreeEntry {
  /** "100644" and "100755" are files, "120000" is a symbolic link, "040000" a directory, "160000" a submodule. */
  readonly mode: string;
  readonly id: string;
  /** Its path, as it was asked for. */
  readonly name: string;
}

/** A path that differs between two trees. */
export interface ChangedPath {
  readonly path: string;
  /** Whether it is a file wherever it is there, and neither a symbolic link nor a submodule. */
  readonly isFile: boolean;
}

/**
 * Reads commits, trees and blobs by their ids, in a repository with or without a checkout. Never looks at a working tree
 * or an index; replaced objects and grafts do not count.
 */
export class ObjectReader {
  readonly #place: ProgramPlace;
  readonly #fetch: ((ids: readonly string[]) => Promise<void>) | undefined;

  /**
   * `place.environment` says which repository: with GIT_DIR, and GIT_ALTERNATE_OBJECT_DIRECTORIES for more objects.
   * `fetch` brings blobs here that may be elsewhere.
   */
  constructor(place: ProgramPlace, fetch?: (ids: readonly string[]) => Promise<void>) {
    this.#fetch = fetch;
    this.#place = {
      ...place,
      environment: { ...place.environment, GIT_NO_REPLACE_OBJECTS: "1", GIT_GRAFT_FILE: "/dev/null", LC_ALL: "C" },
    };
  }

  /** The commit that a full id or a ref leads to, tags peeled; null where it leads to none. */
  async commit(name: string): Promise<CommitObject | null> {
    if (name.includes("\n")) return null;
    const { stdout } = await this.#git(["cat-file", "--batch"], `${name}^{commit}\n`);
    // Only the first lines count: git takes no tree or parent from further below.
    const head = /^([0-9a-f]{40,64}) commit \d+\ntree ([0-9a-f]{40,64})\n((?:parent [0-9a-f]{40,64}\n)*)/;
    const [, id, tree, parents = ""] = head.exec(stdout) ?? [];
    return id === undefined || tree === undefined
      ? null
      : { id, tree, parents: parents.match(/[0-9a-f]{40,64}/g) ?? [] };
  }

  /** The entry of a tree at a path, whose directories are real ones; null where there is none. */
  async entry(tree: string, path: string): Promise<TreeEntry | null> {
    return (await this.#list(tree, ["--", path])).find(({ name }) => name === path) ?? null;
  }

  /** All entries of a tree, without those of its directories. */
  async entries(tree: string): Promise<TreeEntry[]> {
    return await this.#list(tree, []);
  }

  /** Brings blobs here at once that will be read: one by one, each takes a connection. */
  async prepare(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#fetch?.(ids);
  }

  /** A blob's text. */
  async text(blob: string): Promise<string> {
    return await this.#output(["cat-file", "blob", blob]);
  }

  /** The size of an object in bytes. */
  async size(id: string): Promise<number> {
    return Number(await this.#output(["cat-file", "-s", id]));
  }

  /** The paths that differ between two trees; a rename is two of them. */
  async changedPaths(from: string, to: string): Promise<ChangedPath[]> {
    const words = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff", from, to];
    const rows = (await this.#output(words)).matchAll(/:(\d+) (\d+) [^\0]*\0([^\0]*)\0/g);
    return [...rows].map(([, ...[before, after, path = ""]]) => ({
      path,
      isFile: [before, after].every((mode) => mode?.startsWith("100") || mode === "000000"),
    }));
  }

  async #list(tree: string, words: readonly string[]): Promise<TreeEntry[]> {
    const listing = await this.#output(["--literal-pathspecs", "ls-tree", "-z", "--full-tree", tree, ...words]);
    return listing.split("\0").flatMap((line) => {
      const [, mode, id, name] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode !== undefined && id !== undefined && name !== undefined ? [{ mode, id, name }] : [];
    });
  }

  async #output(words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#git(words);
    if (exitCode === 0) return stdout;
    throw new UnavailableError(`Git cannot read what is asked for: ${plainLine(stderr) || `exit code ${exitCode}`}.`);
  }

  async #git(words: readonly string[], input?: string): ReturnType<typeof runProgram> {
    const end = await runProgram(["git", ...words], { ...this.#place, ...(input !== undefined && { input }) });
    if (end.startError !== null) throw new UnavailableError("git cannot be started: it is not on PATH.");
    return end;
  }
}

/** Whether a text is a full object id, of SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Whether an object id is all zeros: git's word for "none". */
export function isNoObject(id: string): boolean {
  return /^0+$/.test(id);
}
