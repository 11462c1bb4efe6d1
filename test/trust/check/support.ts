import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, onTestFinished } from "vitest";
import { configDigest, parseConfig } from "../../../src/config/parse.ts";
import { version } from "../../../src/shared/version.ts";
import type { Environment } from "../../../src/shared/world.ts";
import { type Verification, writeStatement } from "../../../src/trust/attestation/statement.ts";
import { shardOf } from "../../../src/trust/travel/shards.ts";
import { type AtEnd, copyRepository, type Files, makeRepository, type Repository } from "../../support/repository.ts";
import { makeKey, signerLine, type TestKey } from "../../support/signing.ts";
import { configFile, type Outcome, runIn } from "../../support/verify.ts";
import { claim, sign } from "../attestation/sample.ts";

const run = promisify(execFile);
export const config = { suites: [{ name: "backend", runner: "pytest", command: "pytest" }], database: false };
export const digest = configDigest(parseConfig(config, "verify.config.json"));

/** A team's repository: `main` with a policy is pushed, and `feature` is checked out with a change. */
export interface Scene extends Repository {
  /** The key whose receipts count. */
  readonly key: TestKey;
  /** A key that nobody knows. */
  readonly stranger: TestKey;
  /** The id of the repository's first commit. */
  readonly began: string;
  /** Commits the change of a policy, or another text in its place, on main and pushes it. */
  changePolicy(change: object | string): Promise<void>;
  /** Commits files on main and pushes them. */
  changeMain(files: Files): Promise<void>;
  /** A receipt of a tree, HEAD's by default: an envelope on one line. */
  receipt(changes?: ReceiptChanges): Promise<string>;
  /** An envelope of any bytes that the trusted key signed. */
  signed(payload: Buffer): Promise<string>;
  /** Puts texts where the receipts of a tree lie on the remote. */
  publish(lines: readonly string[], tree?: string): Promise<void>;
  /** Runs `verify check` in the checkout, or elsewhere. */
  check(words?: readonly string[], options?: { environment?: Environment; directory?: string }): Promise<Outcome>;
  /** A clone of the remote with one commit of a branch, as CI makes it. */
  shallowClone(branch?: string): Promise<string>;
}

export interface ReceiptChanges {
  readonly tree?: string;
  readonly key?: TestKey;
  readonly verification?: Partial<Verification>;
}

/** How a scene begins. */
export interface SceneOptions {
  readonly policy?: object;
  readonly files?: Files;
  readonly atEnd?: AtEnd;
}

/** What a scene begins with. */
interface Beginning extends Pick<Scene, "key" | "stranger" | "began"> {
  readonly repository: Repository;
  readonly policy: object;
}

/** Makes scenes, each of which goes when its test ends. */
type MakeScene = (options?: SceneOptions) => Promise<Scene>;

/** Makes scenes for the tests of a file: those that begin in the same way are copies of one. */
export function sceneMaker(): MakeScene {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => void (await Promise.all(ends.map((end) => end()))));
  const begun = new Map<string, Promise<Beginning>>();
  return async ({ atEnd, ...options } = {}) => {
    const how = JSON.stringify(options);
    const made = begun.get(how) ?? beginScene({ ...options, atEnd: (end) => ends.push(end) });
    begun.set(how, made);
    const beginning = await made;
    return sceneOf({ ...beginning, repository: await copyRepository(beginning.repository, atEnd) });
  };
}

/** Makes one scene, which goes when the test ends. */
export const makeScene: MakeScene = async (options) => sceneOf(await beginScene(options));

async function beginScene({ policy = {}, files = {}, atEnd }: SceneOptions = {}): Promise<Beginning> {
  const [key, stranger] = await Promise.all([makeKey("", atEnd), makeKey("", atEnd)]);
  const repository = await makeRepository(
    {
      "verify.config.json": configFile(config),
      "src/sums.py": "one\n",
      "trust/signers": `${signerLine(key)}\n`,
      ...files,
    },
    atEnd,
  );
  const { git, write, commit } = repository;
  const began = await git("rev-parse", "HEAD");
  const first = { repository: began, allowedSigners: "trust/signers", ...policy };
  await write({ ".verify-policy.json": configFile(first) });
  await commit("The policy");
  await git("push", "--quiet", "origin", "main");
  await git("checkout", "--quiet", "-b", "feature");
  await write({ "src/sums.py": "two\n" });
  await commit("A change");
  await git("push", "--quiet", "origin", "feature");
  return { repository, key, stranger, began, policy: first };
}

function sceneOf({ repository, key, stranger, began, policy }: Beginning): Scene {
  const { git, root, remote, environment, write, commit } = repository;
  let current = policy;
  const changeMain = async (changed: Files): Promise<void> => {
    await git("checkout", "--quiet", "main");
    await write(changed);
    await commit("A change of main");
    await git("push", "--quiet", "origin", "main");
    await git("checkout", "--quiet", "feature");
  };
  return {
    ...repository,
    key,
    stranger,
    began,
    changeMain,
    changePolicy: async (change) => {
      if (typeof change === "object") current = { ...current, ...change };
      await changeMain({ ".verify-policy.json": typeof change === "string" ? change : configFile(current) });
    },
    receipt: async ({ tree, key: signer = key, verification = {} } = {}) => {
      const minuteAgo = new Date(Date.now() - 60_000).toISOString();
      const sampled: Verification = {
        ...claim.verification,
        repository: { root: began },
        configuration: { file: "verify.config.json", digest: { sha256: digest } },
        version,
        startedAt: minuteAgo,
        endedAt: minuteAgo,
        ...verification,
      };
      const own = tree ?? (await git("rev-parse", "HEAD^{tree}"));
      return await sign(signer, writeStatement({ ...claim, tree: own, verification: sampled }));
    },
    signed: (payload) => sign(key, payload),
    publish: async (lines, tree) => {
      const own = tree ?? (await git("rev-parse", "HEAD^{tree}"));
      await publishReceipts(remote, own, lines, environment);
    },
    check: (words = [], options = {}) =>
      runIn(options.directory ?? root, ["check", ...words], {
        environment: { ...environment, ...noForge, ...options.environment },
      }),
    shallowClone: async (branch = "feature") => {
      // A path that git divides at the colon where it is not quoted.
      const directory = await mkdtemp(join(root, '../a:"clone"-'));
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      const words = ["clone", "--quiet", "--depth=1", `--branch=${branch}`, `file://${remote}`, directory];
      await run("git", words, { env: environment });
      return directory;
    },
  };
}

/** A scene that several tests of a file share: each sets anew what lies on the remote for the tree of HEAD. */
export function sharedScene(): () => Promise<Scene> {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => void (await Promise.all(ends.map((end) => end()))));
  let scene: Promise<Scene> | undefined;
  return () => {
    scene ??= makeScene({ atEnd: (end) => ends.push(end) });
    return scene;
  };
}

/** Without the variables of a CI that the tests run in. */
const noForge: Environment = Object.fromEntries(
  [
    "GITHUB_BASE_REF",
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_REF",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_BEFORE_SHA",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
  ].map((name) => [name, undefined]),
);

/** Puts texts where the receipts of a tree lie in a bare repository, in the place of those that are there. */
export async function publishReceipts(
  gitDirectory: string,
  tree: string,
  texts: readonly string[],
  environment: Environment,
): Promise<void> {
  const ref = shardOf(tree);
  const files = texts.map((text, index) => {
    const content = Buffer.from(`${text}\n`);
    return `M 100644 inline ${tree}/${index}\ndata ${content.length}\n${text}\n\n`;
  });
  const stream = `commit ${ref}\ncommitter Ada <ada@example.com> 1769508900 +0000\ndata 0\n\ndeleteall\n${files.join("")}`;
  const words = ["--git-dir", gitDirectory, "fast-import", "--quiet", "--force"];
  const running = run("git", words, { env: environment });
  running.child.stdin?.end(stream);
  await running;
}

/** What a step on GitHub Actions was given as outputs. */
export async function outputsIn(file: string): Promise<Record<string, string>> {
  const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}
