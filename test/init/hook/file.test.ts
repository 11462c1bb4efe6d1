import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hookFile } from "../../../src/init/hook/file.ts";
import { RequestError } from "../../../src/shared/errors.ts";
import { runShell } from "../../support/run.ts";
import { type Prepared, prepare } from "../prepared.ts";

const target = { script: "node_modules/pushproof/hooks/pre-push", install: "npm install" };
const theirs =
  '#!/usr/bin/env sh\nwhile read -r ref rest; do echo "theirs got: $ref" >&2; done\necho "theirs ended" >&2\n';

/** A repository that pushes through this hook file, run as husky runs it. */
async function withHook(text: string, options: { installed?: boolean } = {}): Promise<Prepared> {
  const repository = await prepare({ "a.txt": "a\n", ".gitignore": "node_modules\n" }, options);
  await repository.write({
    ".husky/pre-push": text,
    ".husky/_/pre-push": '#!/usr/bin/env sh\nexec sh -e .husky/pre-push "$@"\n',
  });
  await chmod(join(repository.root, ".husky/_/pre-push"), 0o755);
  await repository.git("config", "core.hooksPath", ".husky/_");
  return repository;
}

const push = async (repository: Prepared) =>
  await runShell("git push origin main", repository.root, repository.environment);

describe("the hook file", () => {
  it("gives pushproof the remote and git's lines", async () => {
    const repository = await withHook(hookFile(null, target));
    const { output, exitCode } = await push(repository);
    expect(exitCode).toBe(0);
    expect(output).toContain("pushproof was started with origin");
    expect(output).toContain("pushproof got: refs/heads/main");
  });

  it("stops the push where pushproof refuses", async () => {
    const repository = await withHook(hookFile(theirs, target));
    await repository.write({ refuse: "" });
    const { output, exitCode } = await push(repository);
    expect(exitCode).not.toBe(0);
    expect(output).not.toContain("theirs");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  it("stops the push where pushproof is not installed, and says what to run", async () => {
    const repository = await withHook(hookFile(null, target), { installed: false });
    const { output, exitCode } = await push(repository);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("run `npm install`, then push again");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  it("leaves git's lines for the part that was there before", async () => {
    const repository = await withHook(hookFile(theirs, target));
    const { output } = await push(repository);
    expect(output).toContain("pushproof got: refs/heads/main");
    expect(output).toContain("theirs got: refs/heads/main");
    expect(output.match(/theirs got/g)).toHaveLength(1);
  });

  it("lets the part that was there before stop the push", async () => {
    const repository = await withHook(hookFile("#!/bin/sh\nexit 7\n", target));
    expect((await push(repository)).exitCode).not.toBe(0);
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  it("is not skipped by an early exit of the part that was there before", async () => {
    const repository = await withHook(hookFile("#!/bin/sh\nexit 0\n", target));
    await repository.write({ refuse: "" });
    expect((await push(repository)).exitCode).not.toBe(0);
  });

  it("gives neither part a line where there is nothing to push", async () => {
    const repository = await withHook(hookFile(theirs, target));
    await push(repository);
    const { output, exitCode } = await push(repository);
    expect(exitCode).toBe(0);
    expect(output).toContain("theirs ended");
    expect(output).not.toContain("got:");
  });

  it("keeps the part that was there before word for word", () => {
    for (const text of [theirs, "npm test", "", "#!/bin/sh", "# a comment\nnpm test\n"]) {
      const [first = "", ...rest] = text.split("\n");
      const file = hookFile(text, target);
      expect(file.startsWith(first.startsWith("#!") ? first : "# >>> pushproof")).toBe(true);
      expect(file.endsWith(first.startsWith("#!") ? rest.join("\n") : text)).toBe(true);
    }
  });

  it("stands behind the line with which an old husky starts the file anew", () => {
    const file = hookFile('#!/usr/bin/env sh\n. "$(dirname -- "$0")/_/husky.sh"\n\nnpm test\n', target);
    expect(file.indexOf("_/husky.sh")).toBeLessThan(file.indexOf("# >>> pushproof"));
    expect(file.indexOf("# <<< pushproof")).toBeLessThan(file.indexOf("npm test"));
  });

  it("is left alone where our part is in it", () => {
    const file = hookFile(theirs, target).replace("npm install", "make setup");
    expect(hookFile(file, target)).toBe(file);
  });

  it("runs the repository's own hook in the repository of pushproof", () => {
    const file = hookFile(null, { script: "hooks/pre-push", install: null });
    expect(file).toContain('sh hooks/pre-push "$@"');
    expect(file).not.toContain("node_modules");
  });

  it("is refused where the part that is there is no shell's", () => {
    expect(() => hookFile("#!/usr/bin/env python3\nprint()\n", target)).toThrow(RequestError);
    expect(() => hookFile("#!/usr/bin/env python3\nprint()\n", target)).toThrow("move it to .husky/own/pre-push");
  });
});
