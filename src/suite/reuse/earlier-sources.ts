import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { openGit } from "../../git/client.ts";
import type { Environment } from "../../shared/world.ts";
import type { ComparedSource } from "./module-trace.ts";
import type { Tree, TreeChanges } from "./tree.ts";

/** Of more sources none is compared: reading them would take longer than running the tests. */
const mostSources = 200;
const compared = /\.[cm]?[jt]sx?$/;

/** The sources of earlier runs, as far as git still has them. */
export class EarlierSources {
  readonly #git: SimpleGit;
  readonly #root: string;
  readonly #found = new Map<string, Promise<ComparedSource | null>>();

  constructor(root: string, environment: Environment) {
    this.#root = root;
    this.#git = openGit(root, environment);
  }

  /** How the sources of a run changed, without those that changed in more than functions. */
  async compare({ modified }: TreeChanges, tree: Tree): Promise<ReadonlyMap<string, ComparedSource>> {
    const files = modified.filter((file) => compared.test(file));
    const sources = new Map<string, ComparedSource>();
    if (files.length > mostSources) return sources;
    for (const file of files) {
      const state = tree[file] ?? "";
      const key = `${file} ${state}`;
      const found = this.#found.get(key) ?? this.#compareOne(file, state);
      this.#found.set(key, found);
      const source = await found;
      if (source !== null) sources.set(file, source);
    }
    return sources;
  }

  async #compareOne(file: string, state: string): Promise<ComparedSource | null> {
    // What was not committed has no id of git's.
    const [, id] = /^100(?:644|755) ([0-9a-f]{40,64})$/.exec(state) ?? [];
    if (id === undefined) return null;
    try {
      const [before, now, { compareSources }] = await Promise.all([
        this.#git.raw(["cat-file", "blob", id]),
        readFile(join(this.#root, file), "utf8"),
        import("./source-comparison.ts"),
      ]);
      const change = compareSources(file, before, now);
      return change === "module" ? null : { change, before };
    } catch {
      return null;
    }
  }
}
