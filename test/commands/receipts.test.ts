import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ReceiptStore } from "../../src/push/receipts.ts";
import { SentReceipts } from "../../src/push/sent-receipts.ts";
import { writeStatement } from "../../src/trust/attestation/statement.ts";
import { prove } from "../push/support.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { makeKey, signerLine, type TestKey, writeSigners } from "../support/signing.ts";
import { type Outcome, runIn } from "../support/verify.ts";
import { claim, sign } from "../trust/attestation/sample.ts";

/** A repository whose HEAD is proven, with its receipt signed by a key. */
async function makeSigned(): Promise<Repository & { readonly key: TestKey; readonly tree: string }> {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await prove(repository, "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  const key = await makeKey();
  const envelope = await sign(key, writeStatement({ ...claim, tree }));
  await new ReceiptStore(join(repository.root, ".git")).saveEnvelope(tree, envelope);
  return { ...repository, key, tree };
}

function receipts({ root, environment }: Repository, ...words: readonly string[]): Promise<Outcome> {
  return runIn(root, ["receipts", ...words], { environment });
}

test("where nothing is proven and no remote is, the list says so", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await repository.git("remote", "remove", "origin");
  expect(await receipts(repository, "list")).toEqual({ code: 0, output: "Here: none.\n", errors: "" });
});

test("the list tells tree, commit, age and signer, here and on the remote", async () => {
  const repository = await makeSigned();
  const short = repository.tree.slice(0, 7);
  expect((await receipts(repository, "push")).output).toBe(`origin has the receipt of tree ${short}.\n`);
  const { output } = await receipts(repository, "list");
  expect(output).toMatch(
    new RegExp(
      `^Here:\n  tree ${short}: main at \\w{7}, \\d+ s old, signed by ${escaped(repository.key.fingerprint)}, sent to ${escaped(repository.remote)}\n` +
        `On origin:\n  tree ${short}: feature/ledger at 4444444, \\d+ days old, signed by ${escaped(repository.key.fingerprint)}\n$`,
    ),
  );
});

test("where git knows allowed signers, the list names them, and whom they leave out", async () => {
  const repository = await makeSigned();
  await repository.git("config", "gpg.ssh.allowedSignersFile", await writeSigners(signerLine(repository.key)));
  expect((await receipts(repository, "list")).output).toContain(", signed by ada@example.com\n");
  const others = await writeSigners(signerLine(await makeKey()));
  await repository.git("config", "gpg.ssh.allowedSignersFile", others);
  expect((await receipts(repository, "list")).output).toContain(
    `, signed by ${repository.key.fingerprint}, whom ${others} does not allow (Its signer is not among those in ${others}.)\n`,
  );
});

test("what is on the remote and no receipt is shown as that, and nothing of it is believed", async () => {
  const repository = await makeSigned();
  const store = new ReceiptStore(join(repository.root, ".git"));
  await store.saveEnvelope(repository.tree, '{"payload":"QUJD"}');
  await receipts(repository, "push");
  const key = `"\u009b2J\u202e${"x".repeat(5000)}":1`;
  await store.saveEnvelope(repository.tree, `{${key},${key}}`);
  await receipts(repository, "push");
  const { output } = await receipts(repository, "list");
  expect(output).toContain("not to be believed: It is not an envelope of a receipt");
  expect(output).toContain("not to be believed: The envelope has the key");
  expect(output.length).toBeLessThan(2000);
  // Nothing that a terminal would act on.
  expect(output.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test("a remote that does not answer is told, after what is here", async () => {
  const repository = await makeSigned();
  await repository.git("remote", "set-url", "origin", "/nowhere/x.git");
  const { code, output, errors } = await receipts(repository, "list");
  expect({ code, errors }).toEqual({ code: 3, errors: expect.stringContaining("/nowhere/x.git does not answer: ") });
  expect(output).toMatch(/^Here:\n/);
});

test("without a signed receipt of HEAD nothing is sent, and it says what signs one", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await prove(repository, "HEAD");
  const { code, output } = await receipts(repository, "push");
  expect(code).toBe(1);
  expect(output).toContain("HEAD has no signed receipt: ");
});

test("what an earlier push could not send is sent with HEAD's, and what it says is in the status", async () => {
  const repository = await makeSigned();
  const sent = new SentReceipts(join(repository.root, ".git"));
  await sent.note(repository.tree, { url: repository.remote, state: "failed", why: "no route to host" });
  expect((await runIn(repository.root, ["status"], repository)).output).toContain(
    `Its receipt is signed, and not yet sent to ${repository.remote} (no route to host). \`npx verify receipts push\` tries again.\n`,
  );
  await repository.write({ "a.txt": "two\n" });
  await repository.commit("Second");
  expect((await receipts(repository, "push")).output).toBe(
    `origin has the receipt of tree ${repository.tree.slice(0, 7)}.\n`,
  );
});

test("prune removes what has expired here, and on the remote where that is asked for", async () => {
  const repository = await makeSigned();
  await receipts(repository, "push");
  const old = new Date(Date.now() - 31 * 86_400_000);
  await utimes(join(repository.root, ".git/verify/receipts", `${repository.tree}.json`), old, old);
  expect((await receipts(repository, "prune")).output).toBe("Here: 1 expired receipt removed, 0 kept.\n");
  expect((await receipts(repository, "prune", "--remote")).output).toBe(
    "Here: 0 expired receipts removed, 0 kept.\nOn origin: 0 expired receipts removed, 1 kept.\n",
  );
});

test("an unknown remote is a mistake in the request", async () => {
  const repository = await makeSigned();
  expect(await receipts(repository, "push", "upstream")).toMatchObject({
    code: 2,
    errors: 'There is no remote "upstream" here. Known: origin.\n',
  });
});

function escaped(text: string): string {
  return text.replace(/[/.+]/g, "\\$&");
}
