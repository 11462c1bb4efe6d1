import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type PrivateGit, withPrivateGit } from "../../../src/git/private-git.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { compareNames } from "../../../src/shared/text.ts";
import type { Environment } from "../../../src/shared/world.ts";
import { type Outcome, type OutgoingReceipt, sendReceipts } from "../../../src/trust/travel/send.ts";
import { listShards, readEnvelopeOf } from "../../../src/trust/travel/shards.ts";
import { gitEnvironment, makeRepository, type Repository } from "../../support/repository.ts";
import { captureWorld } from "../../support/world.ts";

const run = promisify(execFile);

/** Somebody who has a clone. */
export interface Person {
  readonly root: string;
  send(receipts: readonly OutgoingReceipt[], options?: { remote?: string; now?: Date }): Promise<Outcome[]>;
  /** The envelopes that the remote has for a tree, newest first by their names. */
  find(tree: string): Promise<string[]>;
  /** Does something with git as the program runs it. */
  work<Value>(task: (git: PrivateGit) => Promise<Value>): Promise<Value>;
}

export interface TravelScene extends Repository {
  readonly ada: Person;
  /** Another clone of the remote, made with these options. */
  clone(name: string, ...options: readonly string[]): Promise<Person>;
  /** Lets the remote judge each push by a shell script; `$ref` is what is pushed. */
  judge(script: string): Promise<void>;
}

export async function makeTravelScene(): Promise<TravelScene> {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await repository.commit("Second");
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  return {
    ...repository,
    ada: await personIn(repository.root, repository.remote),
    clone: async (name, ...options) => {
      const root = join(repository.root, "..", name);
      const words = ["clone", "--quiet", ...options, `file://${repository.remote}`, root];
      await run("git", words, { env: gitEnvironment() });
      return await personIn(root, repository.remote);
    },
    judge: (script) =>
      writeFile(
        join(repository.remote, "hooks/pre-receive"),
        `#!/bin/sh\nwhile read -r old new ref; do\n${script}\ndone\n`,
        { mode: 0o755 },
      ),
  };
}

/** Somebody who works in a clone and sends to that remote. */
export async function personIn(root: string, remote: string, more: Environment = {}): Promise<Person> {
  const { world } = captureWorld({ directory: root, environment: { ...gitEnvironment(), ...more } });
  const opened = await openRepository(world);
  const how = { caller: world.environment, signal: world.signal, manner: "never asks" } as const;
  const work: Person["work"] = (task) => withPrivateGit(opened, how, task);
  return {
    root,
    work,
    send: (receipts, options = {}) =>
      work((git) => sendReceipts(git, options.remote ?? remote, receipts, options.now ?? new Date())),
    find: (tree) =>
      work(async (git) => {
        const entries = (await listShards(git, remote)).flatMap((shard) => shard.entries);
        const own = entries.filter((entry) => entry.tree === tree).sort((one, two) => compareNames(two.name, one.name));
        return await Promise.all(own.map((entry) => readEnvelopeOf(git, entry)));
      }),
  };
}

/** A receipt for a tree whose id begins so; what an envelope says is nothing to those who carry it. */
export function receiptFor(beginning: string, envelope: string, at = new Date()): OutgoingReceipt {
  return { tree: beginning.padEnd(40, "0"), at: at.toISOString(), envelope };
}

/** That many days ago. */
export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000);
}
