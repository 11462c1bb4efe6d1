import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/shared/paths.ts";
import { generated } from "../init/ci/generated.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";
import { type Ran, runShell } from "../support/run.ts";
import { linkProgram, makeTinyRepository, pusherEnvironment, red, tinySuite } from "../support/tiny-suite.ts";

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly "working-directory"?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a runner of CI did with a list of steps. */
interface Played {
  /** The names or scripts of the steps whose script ran. */
  readonly ran: readonly string[];
  readonly failed: boolean;
  readonly output: string;
}

const suites = [tinySuite];
const sample = { files: { "package.json": "{}", "package-lock.json": "{}" }, suites, database: false as const };

/** A clone of what was pushed, as CI gets it, with the program installed by a stand-in of npm. */
async function clone(repository: Repository): Promise<string> {
  const directory = join(await makeDirectory(), "clone");
  await repository.git("push", "--quiet", "origin", "main");
  await repository.git("clone", "--quiet", repository.remote, directory);
  await linkProgram(directory);
  return directory;
}

/**
 * Programs for PATH: an npm that installs nothing, and an npx that starts the real program. With an answer, `verify
 * check` is played: it gives that exit code, and writes the answer to the step's outputs as it does.
 */
async function programs(check?: { readonly verified: boolean; readonly code: number }): Promise<string> {
  const bin = await makeDirectory();
  const answer =
    check === undefined
      ? ""
      : `case "$*" in *" check -C "*) echo "verified=${check.verified}" >>"$GITHUB_OUTPUT"; exit ${check.code};; esac\n`;
  const scripts = { npm: "exit 0\n", npx: `${answer}shift\nexec node "${packageRoot}/dist/main.js" "$@"\n` };
  for (const [name, text] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}`);
    await chmod(join(bin, name), 0o755);
  }
  return bin;
}

/** Plays the steps with a script, as GitHub's runner does: conditions, outputs, and what comes after a failure. */
async function play(
  steps: readonly Step[],
  directory: string,
  repository: Repository,
  bin: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Played> {
  const outputs = new Map<string, Readonly<Record<string, string>>>();
  const ran: string[] = [];
  let failed = false;
  let text = "";
  for (const step of steps) {
    if (step.run === undefined || !holds(step.if, outputs, failed)) continue;
    ran.push(step.name ?? step.run);
    const file = join(bin, `output-${ran.length}`);
    await writeFile(file, "");
    const environment = pusherEnvironment(repository, {
      ...step.env,
      ...more,
      GITHUB_OUTPUT: file,
      GITHUB_WORKSPACE: directory,
      PATH: [bin, process.env.PATH].join(delimiter),
    });
    const place = step["working-directory"] === `\${{ runner.temp }}` ? bin : directory;
    const { exitCode, output }: Ran = await runShell(`bash -eo pipefail -c '${step.run}'`, place, environment);
    text += output;
    failed ||= exitCode !== 0;
    const written = (await readFile(file, "utf8")).split("\n").filter(Boolean);
    if (step.id !== undefined) outputs.set(step.id, Object.fromEntries(written.map((line) => line.split("=", 2))));
  }
  return { ran, failed, output: text };
}

/** The conditions that our steps have. */
function holds(
  condition: string | undefined,
  outputs: ReadonlyMap<string, Readonly<Record<string, string>>>,
  failed: boolean,
): boolean {
  const parts = (condition ?? "").split(" && ").filter(Boolean);
  const isAlways = parts.includes("always()");
  return (
    (isAlways || !failed) &&
    parts
      .filter((part) => part !== "always()")
      .every((part) => {
        const [, id = "", output = ""] = /^steps\.(\w+)\.outputs\.(\w+) != 'true'$/.exec(part) ?? [];
        expect(id, `a condition that is not played: ${part}`).not.toBe("");
        return outputs.get(id)?.[output] !== "true";
      })
  );
}

const stepsOf = (): Step[] => parse(generated(sample).github).jobs.verify.steps;
const all = ["Ask for a receipt", "Install the packages", "Verify"];

test("the workflow runs the suite where no receipt stands", async () => {
  const repository = await makeTinyRepository();
  const played = await play(
    stepsOf(),
    await clone(repository),
    repository,
    await programs({ verified: false, code: 1 }),
  );
  expect(played).toMatchObject({ ran: all, failed: false });
  expect(played.output).toMatch(/✔ Verified: \S+/);
});

test("it fails where the suite fails", async () => {
  const repository = await makeTinyRepository(red);
  const played = await play(
    stepsOf(),
    await clone(repository),
    repository,
    await programs({ verified: false, code: 1 }),
  );
  expect(played).toMatchObject({ ran: all, failed: true });
  expect(played.output).toContain("✘ Not verified");
});

test("it runs nothing where a receipt proves the tree, though the suite would fail", async () => {
  const repository = await makeTinyRepository(red);
  const played = await play(
    stepsOf(),
    await clone(repository),
    repository,
    await programs({ verified: true, code: 0 }),
  );
  expect(played).toEqual({ ran: all.slice(0, 1), failed: false, output: "" });
});

test("it runs the suite where the check could not be done and says nothing", async () => {
  const repository = await makeTinyRepository(red);
  const bin = await programs();
  await writeFile(
    join(bin, "npx"),
    `#!/bin/sh\ncase "$*" in *" check -C "*) exit 3;; esac\nshift\nexec node "${packageRoot}/dist/main.js" "$@"\n`,
  );
  expect(await play(stepsOf(), await clone(repository), repository, bin)).toMatchObject({ ran: all, failed: true });
});

test("the composite action runs what is installed beside it, with its arguments as words", async () => {
  const repository = await makeTinyRepository();
  const directory = await clone(repository);
  const { runs } = parse(await readFile(join(packageRoot, "action.yml"), "utf8"));
  const action = await makeDirectory();
  await mkdir(join(action, "dist"));
  await symlink(join(packageRoot, "dist/main.js"), join(action, "dist/main.js"));
  const played = async (words: string) => {
    const steps = (runs.steps as Step[]).filter(({ run }) => run !== undefined);
    const filled = steps.map((step) => ({
      ...step,
      run: step.run?.replaceAll("'", "'\\''"),
      env: step.env && { VERIFY_ARGUMENTS: words },
    }));
    return await play(filled, directory, repository, await makeDirectory(), { GITHUB_ACTION_PATH: action });
  };
  expect(await played("--suite tiny --timeout 5m")).toMatchObject({
    failed: false,
    output: expect.stringContaining("✔ Verified"),
  });
  expect(await played("$(touch injected)")).toMatchObject({ failed: true });
  await expect(readFile(join(directory, "injected"))).rejects.toThrow("ENOENT");
});

test("the action passes GitHub's schema, and is part of the package with all that it runs", async () => {
  const { readYaml } = await import("../../src/trust/workflow/yaml-source.ts");
  const { githubMistakes } = await import("../../src/trust/workflow/schema.ts");
  const text = await readFile(join(packageRoot, "action.yml"), "utf8");
  expect(await githubMistakes(readYaml("action.yml", text), "action")).toEqual([]);
  const { files } = JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8"));
  expect(files).toEqual(expect.arrayContaining(["action.yml", "dist"]));
});
