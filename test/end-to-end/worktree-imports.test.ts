import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { pythonEnvironment } from "../support/python.ts";
import { configFile, makePytestRepository, readSummary, runIn } from "../support/verify.ts";

const run = promisify(execFile);

test("an editable install of the checkout does not lead a worktree's suite to the checkout's code", async () => {
  const repository = await makePytestRepository({
    ".gitignore": ".venv/\n__pycache__/\n",
    // Nothing but the installation makes the package importable.
    "tests/conftest.py": null,
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "python3 -m pytest", source: ["src"], workers: 2 }],
      database: false,
    }),
  });
  await installEditable(repository.root);
  await repository.write({ "src/sums.py": "def add(left, right):\n    return 0\n" });
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain("1 passed");
  expect(code).toBe(0);
  const { verifiedIn, coverage } = await readSummary(repository.root);
  expect(verifiedIn).toBe("worktree");
  expect(coverage?.files.map(({ file }) => file)).toEqual(["src/sums.py"]);
});

test("a worktree's suite that ran code from elsewhere is an error, not a pass", async () => {
  const repository = await makePytestRepository({
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest" }],
      database: false,
    }),
  });
  await repository.write({ "tests/conftest.py": `import sys\nsys.path.insert(0, "${repository.root}/src")\n` });
  await repository.commit("Import from a fixed place");
  await repository.write({ "uncommitted.txt": "" });
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain("The suite ran code from outside the verified files");
  expect(code).toBe(3);
  expect((await readSummary(repository.root)).verdict).toBe("error");
});

/** A virtual environment as a user's, into which the checkout is installed so that its files are used as they lie. */
async function installEditable(root: string): Promise<void> {
  const { python } = await pythonEnvironment();
  await run(python, ["-m", "venv", "--without-pip", "--system-site-packages", join(root, ".venv")]);
  const { stdout } = await run(join(root, ".venv/bin/python3"), [
    "-c",
    "import sysconfig; print(sysconfig.get_path('purelib'))",
  ]);
  const { stdout: packages } = await run(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  // What `pip install --editable` writes, and the way to the packages of the tests' own environment.
  await writeFile(join(stdout.trim(), "__editable__.sums.pth"), `${join(root, "src")}\n${packages.trim()}\n`);
}
