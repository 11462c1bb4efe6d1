import { expect, test } from "vitest";
import { addressIn, commandLine, failure, programRunner } from "../../src/forge/run.ts";
import { makeDirectory } from "../support/repository.ts";
import { captureWorld } from "../support/world.ts";

const url = "https://ada:hunter22@git.example.com/ada/ledger.git";

test("what is shown while it runs holds no secret, whole lines or not", async () => {
  const captured = captureWorld({
    directory: await makeDirectory(),
    environment: { ...process.env, GH_TOKEN: "ghp_secret" },
  });
  const run = programRunner(captured.world, captured.world.directory, url);
  const words = ["-c", `printf 'a hunt'; sleep 0.2; printf 'er22 of ${url}\\nand ghp_secret'`];
  const ended = await run("sh", words, { show: true });
  const shown = "a *** of https://git.example.com/ada/ledger.git\nand ***";
  expect(ended).toEqual({ exitCode: 0, output: shown, errors: "" });
  expect(captured.errors()).toBe(`${shown}\n`);
});

test("without being asked to, nothing is shown", async () => {
  const captured = captureWorld({ directory: await makeDirectory() });
  await programRunner(captured.world, captured.world.directory, url)("sh", ["-c", "echo a; echo b >&2"]);
  expect(captured.output() + captured.errors()).toBe("");
});

test("a program that is not on PATH is told from one that fails", async () => {
  const { world } = captureWorld({ directory: await makeDirectory() });
  const run = programRunner(world, world.directory, url);
  expect((await run("no-such-program-of-pushproof", [])).exitCode).toBeNull();
  expect((await run("sh", ["-c", "exit 127"])).exitCode).toBe(127);
});

test("arguments go as they are, without a shell", async () => {
  const { world } = captureWorld({ directory: await makeDirectory() });
  const { output } = await programRunner(world, world.directory, url)("printf", ["%s", "$(id) `id` ' \" \\n"]);
  expect(output).toBe("$(id) `id` ' \" \\n");
});

test("an interruption ends the program", async () => {
  const captured = captureWorld({ directory: await makeDirectory() });
  const started = performance.now();
  const running = programRunner(captured.world, captured.world.directory, url)("sleep", ["30"]);
  captured.interrupt();
  await expect(running).rejects.toThrow("Interrupted.");
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("a hook and the suites behind a push are not told to ask nobody and to print no color", async () => {
  const { world } = captureWorld({ directory: await makeDirectory(), environment: { PATH: process.env.PATH } });
  const run = programRunner(world, world.directory, url);
  expect((await run("git", ["-c", "alias.show-color=!echo color=$NO_COLOR", "show-color"])).output).toBe("color=\n");
  expect((await run("sh", ["-c", "echo color=$NO_COLOR"])).output).toBe("color=1\n");
});

test("a failure is told in the last three lines, or else by its exit code", () => {
  expect(failure("gh", { exitCode: 1, output: "", errors: "one\ntwo\n\nthree\nfour\n" }).message).toBe(
    "gh failed: two three four",
  );
  expect(failure("gh", { exitCode: 1, output: "said here\n", errors: "" }).message).toBe("gh failed: said here");
  expect(failure("gh", { exitCode: 4, output: "", errors: "" }).message).toBe("gh failed: it exited with 4");
});

test.each([
  ["https://github.com/ada/ledger/pull/12\n", "https://github.com/ada/ledger/pull/12"],
  ["remote:   https://gitlab.com/a/b/-/merge_requests/3  \nremote:", "https://gitlab.com/a/b/-/merge_requests/3"],
  ["see http://localhost:3000/ada/ledger/pulls/7.", "http://localhost:3000/ada/ledger/pulls/7"],
  ["https://gitlab.com/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=topic", null],
  ["https://github.com/ada/ledger", null],
])("the address in %j is %j", (text, address) => {
  expect(addressIn(text)).toBe(address);
});

test("a command is a line that a shell reads back", () => {
  expect(commandLine("gh", ["--title", "It's $5", "a/b.md"])).toBe("gh --title 'It'\\''s $5' a/b.md");
});
