import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnavailableError } from "../shared/errors.ts";
import { type ProgramEnd, runProgram } from "../shared/exec/run-program.ts";
import { withoutCredentials } from "../shared/redact.ts";
import { plainText } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";
import { asListed, scrubEnvironment } from "./environment.ts";
import type { Repository } from "./repository.ts";

/** Git with a repository's settings and remotes, which leaves nothing in the repository. */
export interface PrivateGit {
  /** Runs git; a failure is returned, not thrown. `seconds` ends it. */
  run(words: readonly string[], options?: { input?: string; seconds?: number }): Promise<ProgramEnd>;
  /** Its output for the words, without the last line end. Throws where git fails. */
  line(words: readonly string[], input?: string): Promise<string>;
  /**
   * Fetches all refs of a remote that begin so, such as `refs/verify/ab`, and gives their objects by name; none where
   * there are none. Throws UnavailableError where the remote does not answer.
   */
  fetch(remote: string, prefixes: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** How the user's `git -c NAME=VALUE push` reaches those who git starts: settings that the push needs. */
const settingsOfCall = /^GIT_CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)$/;

/** Whether git and ssh may ask on the terminal. */
export type Manner = "asks" | "never asks";

/** Refs of a place of its own: git keeps them for each worktree. */
const fetched = "refs/worktree/fetched/";

/** Git looks after the user's repository when the user says so. */
const settings = ["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** Fetches exactly what is asked for, without what the remote's configuration adds, and forgets what is there no longer. */
const fetch =
  "fetch --quiet --no-tags --no-write-fetch-head --refmap= --prune --recurse-submodules=no --no-write-commit-graph";

/** How long a remote may take to answer, in seconds. */
const patience = 60;

/**
 * Gives git a private place beside the repository, as a linked worktree has: the objects and refs that it makes or fetches
 * are there and go with it, so no `git log --all`, garbage collection or mirrored push of the user's meets them. No hooks run.
 */
export async function withPrivateGit<Value>(
  { root, commonDirectory }: Pick<Repository, "root" | "commonDirectory">,
  { caller, signal, manner }: { caller: Environment; signal: AbortSignal; manner: Manner },
  work: (git: PrivateGit) => Promise<Value>,
): Promise<Value> {
  const place = await mkdtemp(join(tmpdir(), "pushproof-git-"));
  try {
    // Any branch that is not born yet makes it a git directory.
    await writeFile(join(place, "HEAD"), "ref: refs/heads/none\n");
    await writeFile(join(place, "commondir"), `${commonDirectory}\n`);
    await mkdir(join(place, "objects"));
    const environment = {
      ...(manner === "asks" ? scrubEnvironment(caller) : withoutQuestions(scrubEnvironment(caller))),
      ...Object.fromEntries(Object.entries(caller).filter(([name]) => settingsOfCall.test(name))),
      LC_ALL: "C.UTF-8",
      GIT_DIR: place,
      GIT_OBJECT_DIRECTORY: join(place, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: asListed(join(commonDirectory, "objects")),
    };
    const run: PrivateGit["run"] = (words, { input, seconds = patience } = {}) =>
      runProgram(["git", ...settings, ...words], {
        directory: root,
        environment,
        signal,
        input,
        timeout: seconds * 1000,
        // Without the terminal, where ssh would ask for a passphrase.
        ownGroup: manner === "never asks",
      });
    const line: PrivateGit["line"] = async (words, input = "") => {
      const { exitCode, stdout, output } = await run(words, { input });
      if (exitCode !== 0) throw new Error(`git ${words[0]} failed: ${output.trim()}`);
      return stdout.replace(/\n$/, "");
    };
    return await work({
      run,
      line,
      fetch: async (remote, prefixes) => {
        const refspecs = prefixes.map((prefix) => `+${prefix}*:${fetched}${prefix}*`);
        const { exitCode, output } = await run([...fetch.split(" "), "--", remote, ...refspecs]);
        if (exitCode !== 0)
          throw new UnavailableError(`${withoutCredentials(remote)} does not answer: ${reasonOf(output)}.`);
        const listing = await line(["for-each-ref", "--format=%(objectname) %(refname)", fetched]);
        const rows = listing.split("\n").filter(Boolean);
        return new Map(
          rows.map((row) => [row.slice(row.indexOf(" ") + 1 + fetched.length), row.slice(0, row.indexOf(" "))]),
        );
      },
    });
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What git says of a failure, on one line, without credentials and without a period. */
export function reasonOf(output: string): string {
  const lines = plainText(output).split("\n");
  const told = lines.map((line) => line.replace(/^(fatal|error|remote): /, "").trim()).filter(Boolean);
  return withoutCredentials(told[0] ?? `nothing within ${patience} s`).replace(/\.$/, "");
}

function withoutQuestions({ SSH_ASKPASS: _askpass, ...environment }: Environment): Environment {
  return { ...environment, GIT_TERMINAL_PROMPT: "0", SSH_ASKPASS_REQUIRE: "never" };
}
