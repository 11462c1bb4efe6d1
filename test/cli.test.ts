import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "../src/cli.ts";
import { version } from "../src/shared/version.ts";
import { makeDirectory, makeRepository } from "./support/repository.ts";
import { tinyFiles } from "./support/tiny-suite.ts";
import { makePytestRepository, runIn, userEnvironment } from "./support/verify.ts";
import { captureWorld } from "./support/world.ts";

const bare = { "a.txt": "one\n" };

test("--help lists the commands and the options, and hides what only the hook calls", async () => {
  const { code, output, errors } = await runIn(await makeDirectory(), ["--help"]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  for (const word of [
    "init",
    "pr ",
    "status",
    "--workers <N|P%|auto>",
    "--suite <name>",
    "--coverage",
    "--fresh",
    "--json",
  ]) {
    expect(output).toContain(word);
  }
  for (const word of ["--working-tree", "--database-url", "--timeout", "--serial", "Exit codes: 0 verified"]) {
    expect(output).toContain(word);
  }
  expect(output).not.toMatch(/^ {2}pre-push/m);
  expect(output).not.toMatch(/default: (false|\[\])/);
});

test("a command has help of its own", async () => {
  const { code, output } = await runIn(await makeDirectory(), ["pr", "--help"]);
  expect(code).toBe(0);
  expect(output).toContain("--base <branch>");
});

test.each([["check"], ["status"], ["receipts", "push"]])("what is after -- is not dropped by %s", async (...words) => {
  const { root } = await makeRepository(bare);
  expect(await runIn(root, [...words, "--", "HEAD~1"])).toEqual({
    code: 2,
    output: "",
    errors: `\`verify ${words.join(" ")}\` takes nothing after \`--\`: put HEAD~1 before it.\n`,
  });
});

test("--version prints the package's version", async () => {
  expect(await runIn(await makeDirectory(), ["--version"])).toEqual({ code: 0, output: `${version}\n`, errors: "" });
});

test.each<[string[], string]>([
  [["--worker", "2"], "error: unknown option '--worker'\n(Did you mean --workers?)\n"],
  [["status", "--json"], "error: unknown option '--json'\n"],
  [["HEAD", "more"], "error: too many arguments. Expected 1 argument but got 2.\n"],
  [["--workers"], "error: option '--workers <N|P%|auto>' argument missing\n"],
  [["--serial", "--workers", "2"], "error: option '--serial' cannot be used with option '--workers <N|P%|auto>'\n"],
])("%j is refused in a sentence", async (words, sentence) => {
  const { code, output, errors } = await runIn(await makeDirectory(), words);
  expect({ code, output, errors }).toEqual({ code: 2, output: "", errors: sentence });
});

test.each([
  [
    "--workers",
    ["0", "-1", "1.5", "two", "", "10000", "0x2", "0%", "401%", "1.5%", "%"],
    "Expected a whole number from 1 to 1000, a percentage of the cores from 1% to 400%, or auto.",
  ],
  ["--coverage", ["-1", "100.1", "most", "", " ", "Infinity", "0x10", "1e1"], "Expected a percentage from 0 to 100."],
  ["--timeout", ["0s", "30", "m", "", "-5m", "1d"], "Expected a duration such as 90s, 30m or 2h."],
])("a value that %s cannot take is refused in a sentence", async (option, values, sentence) => {
  const directory = await makeDirectory();
  for (const value of values) {
    const { code, errors } = await runIn(directory, [`${option}=${value}`]);
    expect(code, value).toBe(2);
    expect(errors).toContain(`argument '${value}' is invalid. ${sentence}\n`);
    expect(errors.trim().split("\n")).toHaveLength(1);
  }
});

test("a command that is misspelled is suggested", async () => {
  const { root } = await makeRepository(bare);
  const { code, errors } = await runIn(root, ["stauts"]);
  expect(code).toBe(2);
  expect(errors).toMatch(
    /^"stauts" names no commit in this repository: .* Did you mean the command `verify status`\?\n$/,
  );
});

test("a revision that is nothing like a command is refused without a suggestion", async () => {
  const { root } = await makeRepository(bare);
  const { code, errors } = await runIn(root, ["feature/nothing"]);
  expect(code).toBe(2);
  expect(errors).not.toContain("Did you mean");
});

test("--working-tree with a revision is a contradiction", async () => {
  const { root } = await makeRepository(bare);
  const { code, errors } = await runIn(root, ["--working-tree", "main"]);
  expect(code).toBe(2);
  expect(errors).toBe("--working-tree verifies the working tree, not main: leave one of the two out.\n");
});

test.each([[[]], [["HEAD"]], [["--working-tree"]], [["status"]], [["pr"]]])(
  "outside of a repository %j is refused with what to do",
  async (words) => {
    const directory = await makeDirectory();
    const { code, errors } = await runIn(directory, words);
    expect(code).toBe(2);
    expect(errors).toContain(`${directory} is not in a git checkout`);
  },
);

test("without a configuration the way to one is named", async () => {
  const { root } = await makeRepository(bare);
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(2);
  expect(errors).toMatch(/has no verify\.config\.json: run `npx verify init` and commit what it writes\.\n$/);
});

test("a configuration that is not committed is named", async () => {
  const repository = await makeRepository(bare);
  await repository.write({ "verify.config.json": '{"suites":[{"name":"a","runner":"pytest","command":"pytest"}]}' });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(2);
  expect(errors).toContain("verify.config.json is not part of");
});

test("a branch that is called like a command is verified by its full name", async () => {
  const repository = await makeRepository(bare);
  await repository.git("branch", "status");
  expect((await runIn(repository.root, ["status"])).output).toContain("is not verified");
  for (const name of ["heads/status", "refs/heads/status"]) {
    expect((await runIn(repository.root, [name])).errors).toContain("has no verify.config.json");
  }
});

test("what stands behind -- is never a revision", async () => {
  const { root } = await makeRepository(bare);
  expect((await runIn(root, ["--", "nowhere"])).errors).toContain("has no verify.config.json");
});

test("what nobody expected is shown as a mistake of ours, and is no verdict", async () => {
  const captured = captureWorld({ directory: "/nowhere/at/all" });
  expect(await runCommandLine(["status"], captured.world)).toBe(3);
  expect(captured.errors()).toMatch(/^This is a bug in pushproof, please report it:\n\w*Error: /);
});

test("a full disk is called one, and is no verdict", async () => {
  const { world, errors } = captureWorld({ directory: await makeDirectory() });
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  // The command that reads the input is loaded only later.
  world.input.on("error", () => {});
  world.input.destroy(full);
  expect(await runCommandLine(["pre-push", "--", "origin", "url"], world)).toBe(3);
  expect(errors()).toBe("The disk is full, so nothing was verified: ENOSPC: no space left on device, write\n");
});

test("whatever goes wrong after Ctrl-C, it was an interruption", async () => {
  const captured = captureWorld({ directory: await makeDirectory(), environment: await userEnvironment() });
  captured.interrupt();
  expect(await runCommandLine([], captured.world)).toBe(130);
  expect(captured.errors()).toBe("Interrupted.\n");
});

test("--json prints the summary alone on standard output", async () => {
  const { root } = await makeRepository(tinyFiles());
  const { code, output, errors } = await runIn(root, ["--json", "--serial"]);
  expect(code, errors).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    schema: 1,
    verdict: "verified",
    suites: [{ name: "tiny", workers: 1 }],
  });
  expect(errors).toContain("Verified");
});

test("the outer git's variables do not lead us to another repository", async () => {
  const repository = await makeRepository(bare);
  const other = await makeRepository(bare);
  await other.git("checkout", "--quiet", "-b", "other");
  const environment = { ...(await userEnvironment()), GIT_DIR: join(other.root, ".git"), GIT_WORK_TREE: other.root };
  expect((await runIn(repository.root, ["status"], { environment })).output).toContain("main at");
});

test("the suite sees nothing of the git and of the runner that called us", async () => {
  const names = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "PYTEST_XDIST_WORKER_COUNT", "JEST_WORKER_ID"];
  const { root } = await makePytestRepository({
    "tests/test_environment.py": `import os\n\n\ndef test_clean():\n    assert not {${names.map((name) => `"${name}"`)}} & set(os.environ)\n`,
  });
  const outer = Object.fromEntries(names.map((name) => [name, "/nowhere"]));
  const { code, output } = await runIn(root, ["--serial"], { environment: { ...(await userEnvironment()), ...outer } });
  expect(code, output).toBe(0);
});

test("a push of what is no line of git's is stopped", async () => {
  const { root } = await makeRepository(bare);
  const { code, errors } = await runIn(root, ["pre-push", "--", "origin", "url"], { input: "nonsense\n" });
  expect(code).toBe(2);
  expect(errors).toContain('"nonsense" is not a line of git\'s pre-push hook');
});

test("a push of a deletion passes with a word", async () => {
  const { root } = await makeRepository(bare);
  const zeros = "0".repeat(40);
  const deletion = await runIn(root, ["pre-push", "--", "origin", "url"], {
    input: `(delete) ${zeros} refs/heads/old ${"a".repeat(40)}\n`,
  });
  expect(deletion).toMatchObject({ code: 0, errors: "" });
  expect(deletion.output).toContain("old is deleted: nothing to verify.");
});

test("a push that cannot be verified is stopped, and it is said that nothing was sent", async () => {
  const repository = await makeRepository(bare);
  const commit = await repository.git("rev-parse", "HEAD");
  const { code, errors } = await runIn(repository.root, ["pre-push", "--", "origin", "url"], {
    input: `refs/heads/main ${commit} refs/heads/main ${"0".repeat(40)}\n`,
  });
  expect(code).toBe(2);
  expect(errors).toMatch(
    /has no verify\.config\.json: .*\nPush stopped; nothing was sent\. Bypass with `git push --no-verify`\.\n$/,
  );
});

test("a push by a URL with a password shows and writes no password", async () => {
  const repository = await makeRepository(tinyFiles());
  const commit = await repository.git("rev-parse", "HEAD");
  const url = "https://ada:hunter2secret@git.example.com/shop.git";
  const { code, output, errors } = await runIn(repository.root, ["pre-push", "--", url, url], {
    input: `refs/heads/main ${commit} refs/heads/main ${"0".repeat(40)}\n`,
  });
  expect(code, errors).toBe(0);
  expect(output + errors).not.toContain("hunter2secret");
  for (const directory of [".verify", ".git/verify"]) {
    const entries = await readdir(join(repository.root, directory), { recursive: true, withFileTypes: true });
    const written = entries.filter((entry) => entry.isFile());
    expect(written.length).toBeGreaterThan(1);
    for (const entry of written) {
      expect(await readFile(join(entry.parentPath, entry.name), "utf8")).not.toContain("hunter2secret");
    }
  }
});
