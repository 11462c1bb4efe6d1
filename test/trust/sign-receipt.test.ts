import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { readEnvelope } from "../../src/trust/attestation/envelope.ts";
import { verifyEnvelope } from "../../src/trust/attestation/verifying.ts";
import { sampleSummary } from "../report/sample.ts";
import { envelopeSchema, statementSchema } from "../support/in-toto-schema.ts";
import { makeDirectory, writeFiles } from "../support/repository.ts";
import { makeKey, signerLine, writeSigners } from "../support/signing.ts";
import { makeSigningScene } from "./signing-scene.ts";

/** What receipts that are out there call it: a change of it is a change of the format. */
const verificationField = "pkg:npm/pushproof#verification/v1";

/** What is wrong with a value by a JSON schema; null where nothing is. */
function mistakes(schema: object, value: unknown): unknown {
  const ajv = new Ajv2020({ strict: false, formats: { uri: (text: string) => URL.canParse(text), "date-time": true } });
  return ajv.validate(schema, value) ? null : ajv.errors;
}

test("the receipt of a pass is signed with git's own key, and holds for whoever trusts that key", async () => {
  const scene = await makeSigningScene();
  expect(await scene.sign()).toEqual({ fingerprint: scene.key.fingerprint, touches: 0 });
  const envelope = readEnvelope((await scene.store.envelopeOf(scene.tree)) ?? "");
  const allowedSigners = await writeSigners(signerLine(scene.key));
  const receipt = await verifyEnvelope(envelope, { allowedSigners }, process.env);
  const commit = await scene.git("rev-parse", "HEAD");
  expect(receipt).toMatchObject({
    signer: "ada@example.com",
    tree: scene.tree,
    configurationBlob: await scene.git("rev-parse", "HEAD:verify.config.json"),
    verification: { commit, branch: "main", repository: { root: commit }, mode: "complete" },
  });
});

test("a receipt is what in-toto, DSSE and our own published schema say", async () => {
  const scene = await makeSigningScene({ config: { checks: { lint: "true" } } });
  await scene.sign();
  const line = (await scene.store.envelopeOf(scene.tree)) ?? "";
  const payload = await scene.payload();
  expect(mistakes(envelopeSchema, JSON.parse(line))).toBeNull();
  expect(mistakes(statementSchema, payload)).toBeNull();
  const own = JSON.parse(await readFile(join(packageRoot, "dist/receipt.schema.json"), "utf8"));
  expect(mistakes(own, payload.predicate[verificationField])).toBeNull();
});

test.each([
  ["a subject without a digest", { subject: [{ name: "x" }] }],
  ["a digest in capitals", { subject: [{ digest: { gitTree: "A".repeat(40) } }] }],
  ["an extension that is no URI", { predicate: { result: "PASSED", configuration: [], mine: 1 } }],
])("the schema that receipts are held against refuses %s", async (_what, changed) => {
  const scene = await makeSigningScene();
  await scene.sign();
  expect(mistakes(statementSchema, { ...(await scene.payload()), ...changed })).not.toBeNull();
});

test("a clone and a fork have the same repository in their receipts, whatever the remote is called", async () => {
  const scene = await makeSigningScene();
  await scene.write({ "a.txt": "more\n" });
  const first = await scene.git("rev-parse", "HEAD");
  await scene.commit("Second");
  await scene.git("remote", "set-url", "origin", "https://example.com/fork.git");
  await scene.sign();
  const { predicate } = await scene.payload();
  expect(predicate[verificationField]).toMatchObject({ repository: { root: first } });
});

test("a submodule whose files were missing is named among what was left out", async () => {
  const scene = await makeSigningScene();
  const other = await makeSigningScene();
  await scene.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.root, "library");
  await scene.commit("With a submodule");
  const leftOut = async (): Promise<unknown> => {
    await scene.sign();
    return ((await scene.payload()).predicate[verificationField] as { leftOut: unknown }).leftOut;
  };
  expect(await leftOut()).toMatchObject({ emptySubmodules: 0 });
  await scene.git("submodule", "--quiet", "deinit", "--force", "library");
  expect(await leftOut()).toMatchObject({ emptySubmodules: 1 });
});

const racing = sampleSummary().suites.map((suite) => ({ ...suite, tests: { ...suite.tests, failed: 2, races: 2 } }));

test.each([
  ["races that were let through", { summary: { suites: racing } }, /flaky tests were let through/],
  ["options that change what is checked", { plan: { special: true } }, /options changed what the configuration asks/],
  ["a configuration that is not part of the commit", { tracked: [] }, /verify\.config\.json is not part of the commit/],
])("nothing is signed with %s", async (_what, changed, why) => {
  const scene = await makeSigningScene();
  expect(await scene.sign(changed)).toEqual({ note: expect.stringMatching(why), touches: 0 });
  expect(await scene.store.envelopeOf(scene.tree)).toBeNull();
});

test("nothing is signed in a shallow clone, which does not know its repository's beginning", async () => {
  const scene = await makeSigningScene();
  await scene.commit("Second");
  await scene.git("push", "--quiet", "--no-verify", "origin", "main");
  await scene.git("fetch", "--quiet", "--depth", "1", "--update-shallow", `file://${scene.remote}`, "main");
  expect(await scene.sign()).toMatchObject({ note: expect.stringContaining("this clone is shallow") });
});

test.each([
  ["one that is there", "id_rsa.pub", ""],
  ["how to make one", null, "`ssh-keygen -t ed25519` makes one; then "],
])("without a key the receipt stays here, and a sentence names %s", async (_what, file, before) => {
  const scene = await makeSigningScene();
  await scene.git("config", "--unset", "gpg.format");
  await scene.git("config", "--unset", "user.signingKey");
  const home = await makeDirectory();
  if (file !== null) await writeFiles(home, { [`.ssh/${file}`]: "ssh-rsa AAAA\n" });
  const key = `~/.ssh/${file ?? "id_ed25519.pub"}`;
  expect(await scene.sign({ environment: { HOME: home } })).toEqual({
    note: `The receipt is not signed, so it stays here: git has no key to sign with. To sign: ${before}\`git config --global gpg.format ssh\` and \`git config --global user.signingKey ${key}\`.`,
    touches: 0,
  });
});

test("a passphrase is not asked for: the sentence names ssh-add", async () => {
  const scene = await makeSigningScene({ key: await makeKey("a passphrase") });
  expect(await scene.sign({ environment: { SSH_AUTH_SOCK: undefined } })).toMatchObject({
    note: expect.stringMatching(/not signed.*: the key has a passphrase.*`ssh-add`/),
  });
});

test("no secret reaches a receipt: neither known passwords, nor values of secret variables, nor what looks like one", async () => {
  const command = "API_TOKEN=abc123def pytest --password hunter22 --url postgresql://ada:geheim@db/x # s3cr3tvalue";
  const suites = sampleSummary().suites.map((suite) => ({ ...suite, command }));
  const scene = await makeSigningScene();
  const environment = { DEPLOY_TOKEN: "s3cr3tvalue", VERIFY_DATABASE_URL: "postgresql://u:longpassword@h/d" };
  await scene.sign({ environment, summary: { suites, server: "Postgres 16 (longpassword)" } });
  const text = JSON.stringify(await scene.payload());
  expect(text).not.toMatch(/abc123def|hunter22|geheim|s3cr3tvalue|longpassword/);
  expect(text).toContain("API_TOKEN=*** pytest --password *** --url postgresql://ada:***@db/x # ***");
});

test("a new receipt takes the signed form of an earlier one away, and so does a failure", async () => {
  const scene = await makeSigningScene();
  const receipt = {
    schema: 1,
    tree: scene.tree,
    configuration: "c",
    version: "0.7.0",
    environment: "linux",
    against: null,
    at: new Date().toISOString(),
    summary: sampleSummary({ tree: scene.tree }),
  } as const;
  await scene.sign();
  await scene.store.save(receipt, null);
  expect(await scene.store.envelopeOf(scene.tree)).toBeNull();
  await scene.sign();
  await scene.store.revoke(scene.tree);
  expect(await scene.store.envelopeOf(scene.tree)).toBeNull();
});

test("twenty thousand tests make a receipt no larger", async () => {
  const scene = await makeSigningScene();
  const test = { suite: "backend", file: "a.py", worker: "gw0", outcome: "passed", seconds: 0.1 } as const;
  await scene.sign({ tests: Array.from({ length: 20_000 }, (_, index) => ({ ...test, name: `test ${index}` })) });
  expect((await scene.store.envelopeOf(scene.tree))?.length).toBeLessThan(5_000);
});

test("the digest of the tests' names tells another set of tests apart, and no other order", async () => {
  const scene = await makeSigningScene();
  const digestOf = async (...names: string[]): Promise<unknown> => {
    const test = { suite: "backend", file: "a.py", worker: null, outcome: "passed", seconds: 0.1 } as const;
    await scene.sign({ tests: names.map((name) => ({ ...test, name })) });
    const { predicate } = await scene.payload();
    return (predicate[verificationField] as { suites: { names: unknown }[] }).suites[0]?.names;
  };
  const both = await digestOf("one", "two");
  expect(await digestOf("two", "one")).toEqual(both);
  expect(await digestOf("one", "three")).not.toEqual(both);
});
