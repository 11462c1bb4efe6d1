import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Summary } from "../../src/model/summary.ts";
import type { Environment } from "../../src/shared/world.ts";
import { sampleSummary } from "../report/sample.ts";
import { makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, type Outcome, runIn } from "../support/verify.ts";

/** What a stand-in does when its arguments begin with these words. */
export interface Answer {
  readonly words: string;
  readonly output?: string;
  readonly errors?: string;
  readonly code?: number;
}

/** One call of a stand-in. */
export interface Call {
  readonly program: string;
  readonly words: readonly string[];
  /** What the file of `--body-file` held. */
  readonly body: string | null;
}

/** A verified branch `topic`, one commit ahead of `main`, and the programs that are on PATH. */
export interface Desk extends Repository {
  readonly environment: Environment;
  /** Puts a program on PATH that records its arguments and answers. */
  standIn(program: "gh" | "glab", answers?: readonly Answer[]): Promise<void>;
  /** What the stand-ins were called with; the longest options left out, as tests of them ask for them by name. */
  calls(): Promise<Call[]>;
  /** Leaves the summary of a run of HEAD. */
  report(changed?: Partial<Summary>): Promise<void>;
  verify(...words: string[]): Promise<Outcome>;
  /** Pushes as a user does, to where the remote's URL leads here. */
  push(...words: string[]): Promise<void>;
}

/** The remote's URL is what its kind has; by way of ssh, all of them lead to the bare repository. */
export async function makeDesk(url = "git@github.com:ada/ledger.git"): Promise<Desk> {
  const config = configFile({ suites: [{ name: "backend", runner: "pytest", command: "pytest" }] });
  const repository = await makeRepository({
    "a.txt": "one\n",
    ".gitignore": ".verify\n",
    "verify.config.json": config,
  });
  const programs = await makeDirectory();
  const bin = join(programs, "bin");
  await mkdir(bin);
  // Nothing else is on PATH, whatever the machine has.
  for (const program of ["git", "sh", "node", "ls", "cat"]) await symlink(await which(program), join(bin, program));
  const ssh = join(programs, "ssh");
  // The last argument is such as: git-receive-pack 'ada/ledger.git'
  await script(
    ssh,
    `#!/bin/sh\nfor word; do :; done\nword=\${word%% *}\nexec git "\${word#git-}" '${repository.remote}'\n`,
  );
  const environment = { ...repository.environment, PATH: bin, GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: "ssh" };
  const record = join(programs, "calls.jsonl");
  await writeFile(record, "");
  await repository.git("push", "--quiet", "origin", "main");
  await repository.git("fetch", "--quiet", "origin");
  await repository.git("remote", "set-url", "origin", url);
  await repository.git("checkout", "--quiet", "-b", "topic");
  await repository.write({ "b.txt": "two\n" });
  await repository.commit("Add the second file");
  const desk: Desk = {
    ...repository,
    environment,
    standIn: async (program, answers = []) => {
      await script(join(bin, program), standInScript(program, answers, record));
    },
    calls: async () =>
      (await readFile(record, "utf8"))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    report: async (changed = {}) => {
      const commit = await repository.git("rev-parse", "HEAD");
      const tree = await repository.git("rev-parse", "HEAD^{tree}");
      const summary = sampleSummary({ commit, tree, branch: "topic", ...changed });
      await repository.write({ ".verify/summary.json": JSON.stringify(summary) });
    },
    verify: (...words) => runIn(repository.root, words, { environment }),
    push: async (...words) => void (await repository.git("push", "--quiet", repository.remote, ...words)),
  };
  await desk.report();
  return desk;
}

async function script(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

async function which(program: string): Promise<string> {
  if (program === "node") return process.execPath;
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, program);
    if (
      await readFile(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Error(`${program} is not on PATH.`);
}

function standInScript(program: string, answers: readonly Answer[], record: string): string {
  return `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const words = process.argv.slice(2);
const file = words[words.indexOf("--body-file") + 1];
const body = words.includes("--body-file") ? readFileSync(file, "utf8") : null;
appendFileSync(${JSON.stringify(record)}, JSON.stringify({ program: ${JSON.stringify(program)}, words, body }) + "\\n");
const answers = ${JSON.stringify(answers)};
const answer = answers.find((answer) => (words.join(" ") + " ").startsWith(answer.words + " ")) ?? {};
process.stdout.write(answer.output ?? "");
process.stderr.write(answer.errors ?? "");
process.exitCode = answer.code ?? 0;
`;
}
