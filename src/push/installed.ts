import { dirname, join } from "node:path";
import { gitLineOrNull } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { compareInstalled, type InstalledAnswer, lockFileNames } from "../project/lock-files/compare-installed.ts";
import type { Difference } from "../project/lock-files/lock-file.ts";
import { quote } from "../shared/shell.ts";
import { listed, shortId } from "../shared/text.ts";
import type { Target } from "./refs.ts";

/** How many packages a sentence lists. */
const namedPackages = 3;

/** The packages installed for one lock file. */
export interface Installed {
  /** Why they do not match the commit's lock file, with a command that fixes it: a sentence; null where they match. */
  readonly problem: string | null;
  /** Packages that the lock file lacks, relative to the repository's root: "apps/web/node_modules/left". */
  readonly extra: ReadonlySet<string>;
}

const nothingWanted: Installed = { problem: null, extra: new Set() };

/** Compares the user's installed packages with a commit's lock files. */
export class InstalledPackages {
  readonly #repository: Repository;
  readonly #target: Target;
  /** The object id of each file of the commit. */
  readonly #committed: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Promise<Installed>>();

  constructor(repository: Repository, target: Target, committed: ReadonlyMap<string, string>) {
    this.#repository = repository;
    this.#target = target;
    this.#committed = committed;
  }

  /** The packages for the lock file that applies to a directory; both relative to the root. */
  async of(directory: string): Promise<Installed> {
    const place = this.#governing(directory);
    if (place === null) return nothingWanted;
    const known = this.#known.get(place) ?? this.#compare(place);
    this.#known.set(place, known);
    return await known;
  }

  /** The nearest ancestor directory with a lock file in the commit; null where there is none. */
  #governing(directory: string): string | null {
    for (let current = directory; ; current = dirname(current)) {
      if (this.#lockFilesIn(current).length > 0) return current;
      if (current === ".") return null;
    }
  }

  #lockFilesIn(directory: string): string[] {
    return [...lockFileNames].filter((name) => this.#committed.has(join(directory, name)));
  }

  async #compare(place: string): Promise<Installed> {
    const { git, root } = this.#repository;
    const texts = await Promise.all(
      this.#lockFilesIn(place).map(async (name) => {
        const object = this.#committed.get(join(place, name)) as string;
        return [name, await git.raw(["cat-file", "blob", object])] as const;
      }),
    );
    const answer = await compareInstalled(new Map(texts), join(root, place));
    if (answer === null) return nothingWanted;
    const { comparison } = answer;
    if (comparison === null) return { problem: await this.#unlessSameFile(place, answer), extra: new Set() };
    if (typeof comparison === "string") {
      const problem = await this.#problem(place, answer, `installed by ${comparison}`);
      return { problem, extra: new Set() };
    }
    const { differences } = comparison;
    return {
      problem: differences.length === 0 ? null : await this.#problem(place, answer, named(differences)),
      extra: new Set([...comparison.extra].map((path) => join(place, path))),
    };
  }

  /** Where installed packages cannot be read, an unchanged lock file is taken as a match. */
  async #unlessSameFile(place: string, answer: InstalledAnswer): Promise<string | null> {
    if (await this.#isHere(join(place, answer.file))) return null;
    return await this.#problem(place, answer, "which packages are installed cannot be told");
  }

  async #problem(place: string, { file, command }: InstalledAnswer, what: string): Promise<string> {
    const modules = join(place, "node_modules");
    const path = join(place, file);
    const remedy = await this.#remedy(place, path, command);
    return `${modules} is not what the ${path} of ${shortId(this.#target.commit)} names (${what}): ${remedy}.`;
  }

  /** A command that installs the commit's packages. */
  async #remedy(place: string, path: string, command: string): Promise<string> {
    const { commit, branch } = this.#target;
    const { git } = this.#repository;
    const install = place === "." ? command : `(cd ${quote(place)} && ${command})`;
    if (await this.#isHere(path)) return `run \`${install}\``;
    if ((await gitLineOrNull(git, "rev-parse", "HEAD")) !== commit) {
      const isBranch =
        branch !== null &&
        (await gitLineOrNull(git, "show-ref", "--verify", "--hash", `refs/heads/${branch}`)) === commit;
      const goThere = isBranch ? `git switch ${quote(branch)}` : `git switch --detach ${shortId(commit)}`;
      return `run \`${goThere} && ${install}\``;
    }
    return `commit the changes of ${path}, or put them aside by \`git stash push ${quote(path)} && ${install}\``;
  }

  /** Whether the user's checkout has the same version of a file; git fails where it does not exist. */
  async #isHere(path: string): Promise<boolean> {
    const { git } = this.#repository;
    return (await gitLineOrNull(git, "hash-object", "--", path)) === this.#committed.get(path);
  }
}

/** "vitest 4.1.11 installed, 4.0.18 wanted". */
function named(differences: readonly Difference[]): string {
  const write = ({ name, installed, wanted }: Difference): string =>
    installed === null ? `${name} not installed, ${wanted} wanted` : `${name} ${installed} installed, ${wanted} wanted`;
  return listed(differences, namedPackages, write, "package").join("; ");
}
