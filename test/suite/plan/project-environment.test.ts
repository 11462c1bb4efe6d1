import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { projectEnvironment, setupEnvironment } from "../../../src/suite/plan/project-environment.ts";
import { type Files, makeDirectory, writeFiles } from "../../support/repository.ts";

const caller = {
  PATH: "/bin",
  TOKEN: "kept",
  VERIFY_DATABASE_URL: "postgresql://u:p@h",
  npm_lifecycle_event: "npx",
  npm_config_registry: "kept",
};

test("the project's programs come first, those of the directory before those of the checkout", async () => {
  const root = await makeDirectory();
  await writeFiles(root, { "api/.venv/bin/x": "", "node_modules/.bin/x": "" });
  const { PATH } = projectEnvironment({ kind: "checkout", root }, [join(root, "api")], caller);
  expect(PATH).toBe([join(root, "api/.venv/bin"), join(root, "node_modules/.bin"), "/bin"].join(":"));
});

test("how the verification was called is not handed on", async () => {
  const root = await makeDirectory();
  expect(projectEnvironment({ kind: "working tree", root }, [], caller)).toEqual({
    MOON_CACHE: "off",
    TURBO_ENV_MODE: "loose",
    TURBO_FORCE: "true",
    NX_SKIP_NX_CACHE: "true",
    PATH: "/bin",
    TOKEN: "kept",
    npm_config_registry: "kept",
  });
});

test("in a worktree uv leaves the user's virtual environment alone", async () => {
  const root = await makeDirectory();
  expect(projectEnvironment({ kind: "worktree", root }, [], caller).UV_NO_SYNC).toBe("1");
});

test("database.setup in place has nothing added to its Python path", async () => {
  const root = await makeDirectory();
  const checkout = { kind: "checkout", root, otherRoots: [] } as const;
  expect(setupEnvironment(checkout, root, { ...caller, PYTHONPATH: "/mine" }).PYTHONPATH).toBe("/mine");
});

describe("database.setup in a worktree", () => {
  const program = "import sys; print([path for path in sys.path if path.startswith(sys.argv[1])])";

  /** The Python path, as far as it leads into these checkouts, where the user's own entries are the given ones. */
  async function pythonPath(entries: readonly string[], more: Files = {}): Promise<string[]> {
    const directory = await makeDirectory();
    await writeFiles(directory, { "main/src/models.py": "", "main/gone/x.py": "", "tree/src/models.py": "", ...more });
    const checkout = {
      kind: "worktree",
      root: join(directory, "tree"),
      otherRoots: [join(directory, "main")],
    } as const;
    const PYTHONPATH = entries.map((entry) => join(directory, entry)).join(":");
    const environment = setupEnvironment(checkout, checkout.root, { PATH: process.env.PATH, PYTHONPATH });
    const options = { env: environment as NodeJS.ProcessEnv, encoding: "utf8" } as const;
    const shown = execFileSync("python3", ["-c", program, directory], options);
    return (JSON.parse(shown.replaceAll("'", '"')) as string[]).map((path) => relative(directory, path));
  }

  test("imports the worktree's code before that of another checkout", async () => {
    expect(await pythonPath(["first", "main/src"])).toEqual(["first", "tree/src", "main/src"]);
  });

  test("leaves what the worktree has not where it is", async () => {
    expect(await pythonPath(["main/gone", "main/.venv/lib/site-packages"])).toEqual([
      "main/gone",
      "main/.venv/lib/site-packages",
    ]);
  });

  test("reads the environment's own sitecustomize too", async () => {
    const own = "import sys\nsys.path.append(__file__)\n";
    expect(await pythonPath(["mine"], { "mine/sitecustomize.py": own })).toEqual(["mine", "mine/sitecustomize.py"]);
  });
});
