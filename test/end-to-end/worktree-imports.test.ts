import { execFile } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
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

test("an editable install of the checkout does not lead a worktree's database.setup to the checkout's code", async () => {
  const repository = await makePytestRepository({
    ".gitignore": ".venv/\n__pycache__/\n",
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 }],
      database: { setup: "python3 -c 'import sums; print(sums.add(1, 2))'" },
    }),
  });
  await installEditable(repository.root);
  await repository.write({ "src/sums.py": "def add(left, right):\n    return 0\n" });
  await runIn(repository.root, []);
  expect(await readFile(join(repository.root, ".verify/logs/database-setup.log"), "utf8")).toBe("3\n");
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
  expect(output).toContain(join(repository.root, "src", "sums.py"));
  expect(code).toBe(3);
  expect((await readSummary(repository.root)).verdict).toBe("error");
});

test("a linked worktree whose environment leads to the main checkout runs its own code in place", async () => {
  const repository = await makePytestRepository({
    ".gitignore": ".venv/\n__pycache__/\n",
    "tests/conftest.py": null,
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "python3 -m pytest", source: ["src"], workers: 1 }],
      database: false,
    }),
  });
  await installEditable(repository.root);
  const linked = `${repository.root}-linked`;
  await repository.git("worktree", "add", "--quiet", "-b", "side", linked);
  await symlink(join(repository.root, ".venv"), join(linked, ".venv"));
  await writeFile(join(linked, "src", "sums.py"), "def add(left, right):\n    return 0\n");
  await run("git", ["commit", "--quiet", "--no-verify", "--all", "--message", "Break"], {
    cwd: linked,
    env: repository.environment,
  });
  const { code, output } = await runIn(linked, []);
  expect(output).toContain("1 of 1 test failed in backend.");
  expect(code).toBe(1);
});

test("code of another checkout that coverage does not look at is an error all the same", async () => {
  const repository = await makePytestRepository({
    "libs/rates.py": "RATE = 1\n",
    "tests/test_rates.py": "import rates\n\n\ndef test_rate():\n    assert rates.RATE == 1\n",
  });
  // A finder of a build tool of its own, of which nobody knows where it leads.
  await repository.write({
    "tests/conftest.py": [
      "import importlib.util, pathlib, sys",
      "sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'src'))",
      `spec = importlib.util.spec_from_file_location('rates', '${repository.root}/libs/rates.py')`,
      "sys.modules['rates'] = importlib.util.module_from_spec(spec)",
      "spec.loader.exec_module(sys.modules['rates'])",
    ].join("\n"),
  });
  await repository.commit("Load the rates in a way of its own");
  await repository.write({ "uncommitted.txt": "" });
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain(join(repository.root, "libs", "rates.py"));
  expect(code).toBe(3);
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
