import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init } from "../../src/commands/init.ts";
import type { OwnPackage } from "../../src/init/own-package.ts";
import type { ExitCode } from "../../src/shared/errors.ts";
import type { Environment } from "../../src/shared/world.ts";
import { type Files, makeDirectory, makeRepository, type Repository, writeFiles } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { captureWorld } from "../support/world.ts";

const ownRoot = fileURLToPath(new URL("../..", import.meta.url));
/** husky as it is installed beside this program. */
export const huskyDirectory = join(ownRoot, "node_modules", "husky");

/** A hook that shows that it was started and with what, and refuses when the repository holds a file `refuse`. */
const stubHook = `printf 'pushproof was started with %s\\n' "$1" >&2
while read -r line; do printf 'pushproof got: %s\\n' "$line" >&2; done
[ ! -f refuse ] || { echo 'pushproof refuses' >&2; exit 1; }
`;

/** package.json of a repository that lists all that init would add. */
export const completePackage = `${JSON.stringify(
  {
    private: true,
    scripts: { prepare: "husky && verify prepare" },
    devDependencies: { husky: "^9.1.7", pushproof: "^0.1.0" },
  },
  null,
  2,
)}\n`;

export const pytestFiles: Files = {
  "tests/test_ledger.py": "from ledger import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
  "tests/conftest.py":
    'import os\n\nURL = os.environ.get("TEST_DATABASE_URL", "postgresql+asyncpg://u:p@localhost/ledger_test")\n',
  "ledger/__init__.py": "def total(amounts):\n    return sum(amounts)\n",
  "pyproject.toml": '[project]\nname = "ledger"\ndependencies = ["sqlalchemy", "asyncpg"]\n',
  ".gitignore": "node_modules\n",
};

export interface Prepared extends Repository {
  /** The package that init takes for itself: a checkout beside the repository, its hook a stub. */
  readonly own: OwnPackage;
  /** Runs `verify init`; a directory is relative to the root. With an answer, at a terminal where somebody gives it. */
  init(options?: {
    directory?: string;
    environment?: Environment;
    answer?: string;
    install?: boolean;
    ci?: "github" | "gitlab";
  }): Promise<Outcome>;
}

export interface Outcome {
  readonly exitCode: ExitCode | null;
  /** What was thrown, or null. */
  readonly error: Error | null;
  readonly output: string;
}

/** A repository with these files, husky and a stub of pushproof in its node_modules unless told otherwise. */
export async function prepare(files: Files, options: { installed?: boolean } = {}): Promise<Prepared> {
  const repository = await makeRepository(files);
  const own = await makeOwnPackage();
  if (options.installed ?? true) {
    const modules = join(repository.root, "node_modules");
    await mkdir(modules, { recursive: true });
    await symlink(huskyDirectory, join(modules, "husky"));
    await cp(own.directory, join(modules, "pushproof"), { recursive: true });
  }
  return {
    ...repository,
    own,
    init: async ({ directory = ".", environment = {}, answer, install = false, ci } = {}) => {
      const captured = captureWorld({
        ...(answer === undefined ? {} : { input: answer }),
        directory: join(repository.root, directory),
        environment: { ...repository.environment, HUSKY: undefined, ...environment },
      });
      if (answer !== undefined) {
        for (const stream of [captured.world.input, captured.world.output]) Object.assign(stream, { isTTY: true });
      }
      try {
        const exitCode = await init(captured.world, own, { install, ci });
        return { exitCode, error: null, output: captured.output() };
      } catch (error) {
        return { exitCode: null, error: error as Error, output: captured.output() };
      }
    },
  };
}

/** A package of pushproof's name whose hook is a stub, as a checkout of the source. */
async function makeOwnPackage(): Promise<OwnPackage> {
  const directory = join(await makeDirectory(), "pushproof");
  await mkdir(directory);
  await writeFiles(directory, {
    "package.json": '{ "name": "pushproof", "version": "0.1.0", "bin": { "verify": "verify.mjs" } }\n',
    "verify.mjs": `#!/usr/bin/env node\nawait import(${JSON.stringify(join(ownRoot, "dist/main.js"))});\n`,
    "hooks/pre-push": stubHook,
  });
  return { directory, version: "0.1.0", isInstalled: false };
}

/** A PATH beside the repository with git, sh and node on it, and no package manager. */
export async function pathWithGitOnly(repository: Prepared): Promise<string> {
  const bin = join(repository.root, "..", "bin");
  await mkdir(bin, { recursive: true });
  for (const program of ["git", "sh"]) {
    const { output } = await runShell(`command -v ${program}`, bin, process.env);
    await symlink(output.trim(), join(bin, program));
  }
  await symlink(process.execPath, join(bin, "node"));
  return bin;
}
