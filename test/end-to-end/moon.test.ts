import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { configFile, readSummary, runIn } from "../support/verify.ts";

/** A moon workspace whose backend has a pytest suite, and a check that says that it ran. */
async function makeWorkspace(): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "__pycache__/\nnode_modules\n.moon/cache\n*.ready\n",
    ".moon/workspace.yml": "projects:\n  - apps/*\n",
    "apps/backend/moon.yml":
      'language: python\ntasks:\n  test:\n    command: pytest -m "not slow"\n    toolchains: system\n  note:\n    command: sh -c "echo ran >> note.ready"\n    toolchains: system\n',
    "apps/backend/pytest.ini": "[pytest]\nmarkers = slow\npythonpath = src\n",
    "apps/backend/src/sums.py": "def add(left, right):\n    return left + right\n",
    "apps/backend/tests/test_sums.py":
      "import os, pytest\nfrom sums import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n    assert os.environ['PGDATABASE'].startswith('moon_test_gw')\n\n\n@pytest.mark.slow\ndef test_slow():\n    assert False\n",
    "verify.config.json": configFile({
      suites: [
        {
          name: "backend",
          root: "apps/backend",
          runner: "pytest",
          command: "moon run backend:test",
          source: ["src"],
          workers: 2,
        },
      ],
      database: { name: "moon_test" },
      checks: { note: "moon run backend:note" },
    }),
  });
  await mkdir(join(repository.root, "node_modules/.bin"), { recursive: true });
  await symlink(join(packageRoot, "node_modules/.bin/moon"), join(repository.root, "node_modules/.bin/moon"));
  return repository;
}

test("`moon run` as a suite's command and as a check is run every time, whatever moon has kept", async () => {
  const { root } = await makeWorkspace();
  for (const times of [1, 2]) {
    const { code, output } = await runIn(root, ["--fresh"]);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    expect((await readSummary(root)).suites[0]).toMatchObject({ workers: 2, tests: { total: 1, passed: 1 } });
    const { readFile } = await import("node:fs/promises");
    expect(await readFile(join(root, "apps/backend/note.ready"), "utf8")).toBe("ran\n".repeat(times));
  }
});
