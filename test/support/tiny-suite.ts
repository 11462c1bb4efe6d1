import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "./repository.ts";
import { type Ran, runShell, suiteEnvironment } from "./run.ts";
import { configFile } from "./verify.ts";

/** The tiny suite in a configuration. */
export const tinySuite = {
  name: "tiny",
  runner: "command",
  command: "sh suite.sh",
  results: ["out/*.xml"],
  coverage: ["out/*.info"],
  database: false,
};
const report = (failure: string): string =>
  `<testsuite><testcase name="t" file="suite.sh" time="0.01">${failure}</testcase></testsuite>\n`;

/** The tiny suite's configuration, with more in it. */
export function tinyConfig(more: object = {}): Files {
  return { "verify.config.json": configFile({ suites: [tinySuite], database: false, ...more }) };
}

/** What makes the tiny suite fail. */
export const red: Files = { "report.xml": report('<failure message="bad">bad</failure>') };
/** What makes it pass again. */
export const green: Files = { "report.xml": report("") };

/** A package.json that lists all that init would add for a manager other than husky. */
export const listedPackage: Files = {
  "package.json": '{ "private": true, "devDependencies": { "pushproof": "*" } }\n',
};

/** The files of a project whose suite is a shell script that needs nothing and takes no time. */
export function tinyFiles(config: object = {}): Files {
  return {
    ".gitignore": "node_modules\nout\n",
    "src/a.txt": "a\nb\n",
    "suite.sh":
      "mkdir -p out && cp report.xml out/report.xml\nprintf 'SF:src/a.txt\\nDA:1,1\\nDA:2,1\\nend_of_record\\n' >out/coverage.info\n! grep -q '<failure' report.xml\n",
    ...tinyConfig(config),
    ...green,
  };
}

/** The same, with one of its two lines covered. */
export function halfCoveredTinyFiles(config: object = {}): Files {
  const files = tinyFiles(config);
  return { ...files, "suite.sh": (files["suite.sh"] ?? "").replace("DA:2,1", "DA:2,0") };
}

/** A repository with the tiny suite, with the real program in its node_modules and no hook yet. */
export async function makeTinyRepository(files: Files = {}, atEnd?: AtEnd): Promise<Repository> {
  const repository = await makeRepository({ ...tinyFiles(), ...files }, atEnd);
  await linkProgram(repository.root);
  return repository;
}

/** Puts the real program into a checkout's node_modules, as a link, and husky beside it. */
export async function linkProgram(root: string): Promise<void> {
  const modules = join(root, "node_modules");
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(packageRoot, join(modules, "pushproof"));
  await symlink(join(packageRoot, "node_modules/husky"), join(modules, "husky"));
  await symlink("../pushproof/dist/main.js", join(modules, ".bin/verify"));
  await symlink("../husky/bin.js", join(modules, ".bin/husky"));
}

/** The environment of a person who pushes. */
export function pusherEnvironment(repository: Repository, more: Environment = {}): Environment {
  const clean = { HUSKY: undefined, CI: undefined, LEFTHOOK: undefined, PUSHPROOF_NOTHING: undefined };
  return suiteEnvironment({ ...repository.environment, ...clean, ...more });
}

export interface Pushed extends Ran {
  /** The first line that pushproof printed, whatever frame a hook manager puts around it; null for none. */
  readonly first: string | null;
}

/** Runs `git push` with these words as a person does. */
export async function pushTiny(
  repository: Repository,
  words = "origin main",
  options: { directory?: string; environment?: Environment } = {},
): Promise<Pushed> {
  const environment = pusherEnvironment(repository, options.environment);
  const ran = await runShell(`git push ${words}`, options.directory ?? repository.root, environment);
  const first = ran.output
    .split("\n")
    .find((line) => /^(✔|✘|pushproof|Nothing new|The hook|\S.* is deleted)/.test(line));
  return { ...ran, first: first ?? null };
}
