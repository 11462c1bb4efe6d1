import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { makeKey } from "../support/signing.ts";
import { makeTinyRepository, pusherEnvironment, pushTiny, tinyConfig } from "../support/tiny-suite.ts";
import { runIn } from "../support/verify.ts";

const answeredInShell = "pushproof: already verified, see `npx verify status`.";

/** A repository whose receipts travel, signed where a key is wanted; the hook counts how often it runs. */
async function makeTraveling(hasKey = true): Promise<Repository> {
  const repository = await makeTinyRepository(tinyConfig({ receipts: { push: true } }));
  const hook = `#!/bin/sh\necho ran >>'${repository.root}/../ran'\nexec sh ${quote(join(packageRoot, "hooks/pre-push"))} "$@"\n`;
  await writeFile(join(repository.root, ".git/hooks/pre-push"), hook, { mode: 0o755 });
  if (!hasKey) return repository;
  await repository.git("config", "gpg.format", "ssh");
  await repository.git("config", "user.signingKey", (await makeKey()).file);
  return repository;
}

/** The refs with receipts on a remote, once there are so many; throws where they do not come. */
async function arrived({ git, remote }: Repository, count = 1, place = remote): Promise<string[]> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const refs = (await git("ls-remote", place, "refs/verify/*")).split("\n").filter(Boolean);
    if (refs.length >= count) return refs;
    await setTimeout(50);
  }
  throw new Error(`No ${count} receipts came to ${place}.`);
}

/** What `verify status` says, once that holds; the last of it where it never does. */
async function statusOnce(repository: Repository, text: string): Promise<string> {
  let output = "";
  for (let attempt = 0; attempt < 100 && !output.includes(text); attempt++) {
    ({ output } = await runIn(repository.root, ["status"], { environment: pusherEnvironment(repository) }));
    await setTimeout(20);
  }
  return output;
}

async function judge({ remote }: Repository, script: string): Promise<void> {
  const hook = `#!/bin/sh\nwhile read -r old new ref; do\n${script}\ndone\n`;
  await writeFile(join(remote, "hooks/pre-receive"), hook, { mode: 0o755 });
}

test("a push brings the signed receipt along, and runs its hook only for the branch", async () => {
  const repository = await makeTraveling();
  const { exitCode, output } = await pushTiny(repository);
  expect(output).toContain("✔ Receipt: signed with SHA256:");
  expect(output).toContain("Its signed receipt goes along.\n");
  expect(exitCode).toBe(0);
  await arrived(repository);
  expect(await statusOnce(repository, "sent to")).toContain(
    `Its receipt is signed, and sent to ${repository.remote}.\n`,
  );
  expect((await runShell("cat ../ran", repository.root, process.env)).output).toBe("ran\n");
});

test("a tree that is proven and sent is answered without the program; another remote gets the receipt too", async () => {
  const repository = await makeTraveling();
  await pushTiny(repository);
  await statusOnce(repository, "sent to");
  expect(await pushTiny(repository, "origin main:again")).toMatchObject({ exitCode: 0, first: answeredInShell });
  const other = join(await makeDirectory(), "other.git");
  await repository.git("init", "--quiet", "--bare", other);
  const { output } = await pushTiny(repository, `${other} main`);
  expect(output).toContain("Its signed receipt goes along.\n");
  await arrived(repository, 1, other);
  await statusOnce(repository, `sent to ${other}`);
  expect(await pushTiny(repository, `${other} main:again`)).toMatchObject({ exitCode: 0, first: answeredInShell });
});

test("a receipt whose sender was killed goes with the next push of the tree", async () => {
  const repository = await makeTraveling();
  await pushTiny(repository);
  const [ref = ""] = await arrived(repository);
  await statusOnce(repository, "sent to");
  await repository.git("push", "--quiet", "--no-verify", "origin", `:${ref.split("\t")[1]}`);
  await rm(join(repository.root, ".git/verify/sent"), { recursive: true });
  expect((await pushTiny(repository, "origin main:again")).output).toContain("Its signed receipt goes along.\n");
  await arrived(repository);
});

test("a push does not wait for its receipt", async () => {
  const repository = await makeTraveling();
  const go = join(repository.root, "../go");
  await judge(repository, `case $ref in refs/verify/*) until [ -f '${go}' ]; do sleep 0.05; done ;; esac`);
  expect(await pushTiny(repository)).toMatchObject({ exitCode: 0 });
  expect(await repository.remoteCommit("refs/heads/main")).not.toBeNull();
  expect(await repository.git("ls-remote", "origin", "refs/verify/*")).toBe("");
  await writeFile(go, "");
  await arrived(repository);
});

test("a remote that refuses receipts gets the branch, and is not asked again", async () => {
  const repository = await makeTraveling();
  await judge(repository, 'case $ref in refs/verify/*) echo "only branches"; exit 1 ;; esac');
  expect(await pushTiny(repository)).toMatchObject({ exitCode: 0 });
  expect(await statusOnce(repository, "refused by")).toContain(
    `Its receipt is signed, and refused by ${repository.remote} (pre-receive hook declined: only branches).\n`,
  );
  expect(await pushTiny(repository, "origin main:again")).toMatchObject({ exitCode: 0, first: answeredInShell });
});

test("a dry run sends nothing, and the push after it does", async () => {
  const repository = await makeTraveling();
  for (const words of ["--dry-run origin main", "-n origin main"]) {
    const { exitCode, output } = await pushTiny(repository, words);
    expect(exitCode).toBe(0);
    expect(output).not.toContain("goes along");
  }
  expect((await pushTiny(repository)).output).toContain("Its signed receipt goes along.\n");
  await arrived(repository);
});

test("from a linked worktree and to a path, the receipt goes along too", async () => {
  const repository = await makeTraveling();
  const linked = join(repository.root, "../linked");
  await repository.git("worktree", "add", "--quiet", linked, "-b", "side");
  const { exitCode } = await pushTiny(repository, `${repository.remote} side`, { directory: linked });
  expect(exitCode).toBe(0);
  await arrived(repository);
});

test("two people who push at the same moment both have their receipts there", async () => {
  const ada = await makeTraveling();
  const bob = await makeTraveling();
  await bob.git("remote", "set-url", "origin", ada.remote);
  // Trees of one shard would be chance: which refs they share does not matter here, see test/trust/travel.
  await bob.write({ "bob.txt": "Bob's\n" });
  await bob.commit("Bob's");
  const pushes = await Promise.all([pushTiny(ada, "origin main"), pushTiny(bob, "origin main:bob")]);
  expect(pushes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  for (const person of [ada, bob]) expect(await statusOnce(person, "sent to")).toContain(`sent to ${ada.remote}`);
  const { output } = await runIn(ada.root, ["receipts", "list"], { environment: pusherEnvironment(ada) });
  expect(output.split("On origin:\n")[1]?.trim().split("\n")).toHaveLength(2);
});

test("without a key the push passes, one line says how to sign, and nothing is sent, now or once there is a key", async () => {
  const repository = await makeTraveling(false);
  const first = await pushTiny(repository);
  expect(first.exitCode).toBe(0);
  expect(first.output).toContain("The receipt is not signed, so it stays here: git has no key to sign with.");
  expect(first.output).not.toContain("goes along");
  await repository.git("config", "gpg.format", "ssh");
  await repository.git("config", "user.signingKey", (await makeKey()).file);
  // What is reused was not signed by the run that passed, so it never is.
  const again = await runIn(repository.root, [], { environment: pusherEnvironment(repository) });
  expect(again.output).toContain("was verified before");
  expect(await pushTiny(repository, "origin main:again")).toMatchObject({ first: answeredInShell });
  expect(await statusOnce(repository, "not signed")).toContain(
    "Its receipt is not signed, so it stays here: `npx verify --fresh` signs it, or says why not.\n",
  );
  const fresh = await runIn(repository.root, ["--fresh"], { environment: pusherEnvironment(repository) });
  expect(fresh.output).toContain("✔ Receipt: signed with");
});

test.each([
  ["--working-tree", false],
  ["--coverage 99", true],
  ["--timeout 5m", true],
])("a run with %s signs nothing", async (words, keepsReceipt) => {
  const repository = await makeTraveling();
  const environment = pusherEnvironment(repository);
  const { code, output } = await runIn(repository.root, words.split(" "), { environment });
  expect(code).toBe(0);
  expect(output).not.toContain("signed with");
  expect(output.includes("✔ Receipt: not signed")).toBe(keepsReceipt);
  expect(await readdir(join(repository.root, ".git/verify/signed")).catch(() => [])).toEqual([]);
});
