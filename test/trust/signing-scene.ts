import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { defaultOptions } from "../../src/config/request.ts";
import { type Repository as Opened, openRepository } from "../../src/git/repository.ts";
import type { TestRecord } from "../../src/model/run-record.ts";
import type { Summary } from "../../src/model/summary.ts";
import type { Checkout } from "../../src/push/checkout.ts";
import { ReceiptStore } from "../../src/push/receipts.ts";
import { makePlan, type Plan } from "../../src/suite/plan/plan.ts";
import { type Signature, signReceipt } from "../../src/trust/sign-receipt.ts";
import { sampleSummary } from "../report/sample.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { makeKey, type TestKey } from "../support/signing.ts";
import { configFile } from "../support/verify.ts";
import { captureWorld } from "../support/world.ts";

const suite = { name: "backend", runner: "pytest", command: "pytest", workers: 2 };

const sampleTests: readonly TestRecord[] = [
  { suite: "backend", file: "a.py", name: "one", worker: "gw0", outcome: "passed", seconds: 0.1 },
];

/** A repository whose run has just passed, and git signs with a key. */
export interface SigningScene extends Repository {
  readonly key: TestKey;
  readonly tree: string;
  readonly store: ReceiptStore;
  /** Signs the receipt as the run does. */
  sign(changed?: {
    summary?: Partial<Summary>;
    plan?: Partial<Plan>;
    environment?: Record<string, string | undefined>;
    tracked?: readonly string[];
    tests?: readonly TestRecord[];
  }): Promise<Signature & { readonly touches: number }>;
  /** What was signed, parsed; throws where nothing was. */
  payload(): Promise<{ predicate: Record<string, unknown> } & Record<string, unknown>>;
}

export async function makeSigningScene(
  options: { config?: object; files?: Files; key?: TestKey } = {},
): Promise<SigningScene> {
  const config = { suites: [suite], database: false, receipts: { push: true }, ...options.config };
  const repository = await makeRepository({ "verify.config.json": configFile(config), ...options.files });
  const key = options.key ?? (await makeKey());
  await repository.git("config", "gpg.format", "ssh");
  await repository.git("config", "user.signingKey", key.file);
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  const store = new ReceiptStore(join(repository.root, ".git"));
  return {
    ...repository,
    key,
    tree,
    store,
    sign: async ({ summary = {}, plan = {}, environment = {}, tracked, tests = sampleTests } = {}) => {
      const { world } = captureWorld({
        directory: repository.root,
        environment: { ...repository.environment, ...environment },
      });
      const opened = await openRepository(world);
      const run = { ...(await runOf(opened, { plan, tracked })), tests };
      const commit = await repository.git("rev-parse", "HEAD");
      const passed = sampleSummary({ commit, tree, branch: "main", ...summary });
      let touches = 0;
      const signature = await signReceipt({ receipts: store, repository: opened, world }, run, passed, () => {
        touches += 1;
      });
      return { ...signature, touches };
    },
    payload: async () => {
      const envelope = JSON.parse((await store.envelopeOf(tree)) ?? "null");
      return JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8"));
    },
  };
}

async function runOf(
  { root, git }: Opened,
  { plan, tracked }: { plan: Partial<Plan>; tracked: readonly string[] | undefined },
) {
  const loaded = await loadConfig(root);
  if (loaded === null) throw new Error("There is no configuration.");
  const files = tracked ?? (await git.raw(["ls-files", "-z"])).split("\0");
  const checkout: Checkout = {
    kind: "checkout",
    root,
    notes: [],
    otherRoots: [],
    dependencyNotes: [],
    trackedFiles: async () => new Set(files),
    drift: async () => ({ changed: [], added: [] }),
    close: async () => {},
  };
  const receiptKey = {
    tree: "",
    configuration: "5".repeat(64),
    version: "0.7.0",
    environment: "linux x64, node 20.20.2, python 3.11.7",
    against: null,
  };
  return {
    loaded,
    checkout,
    plan: { ...makePlan(loaded.config, defaultOptions, root), ...plan },
    receiptKey: Promise.resolve(receiptKey),
    options: defaultOptions,
  };
}
