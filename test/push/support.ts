import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { type Repository as OpenRepository, openRepository } from "../../src/git/repository.ts";
import type { Summary } from "../../src/model/summary.ts";
import { type Checkout, openCheckout } from "../../src/push/checkout.ts";
import { type Receipt, ReceiptStore } from "../../src/push/receipts.ts";
import { readRevision } from "../../src/push/refs.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { version } from "../../src/shared/version.ts";
import type { Environment } from "../../src/shared/world.ts";
import { sampleSummary } from "../report/sample.ts";
import type { Repository } from "../support/repository.ts";
import { captureWorld } from "../support/world.ts";

/** The repository as the program opens it: from its root, or from another directory in it. */
export function open(repository: Repository, directory = repository.root): Promise<OpenRepository> {
  return openRepository(captureWorld({ directory, environment: repository.environment }).world);
}

/** The repository's environment with a cache directory of the test's own. */
export function withCache(repository: Repository, more: Environment = {}): Environment {
  return { ...repository.environment, XDG_CACHE_HOME: `${repository.root}/../cache`, ...more };
}

/** The checkout of a revision, closed when the test ends. */
export async function checkOut(
  repository: Repository,
  options: { revision?: string; directory?: string; environment?: Environment } = {},
): Promise<Checkout> {
  const opened = await open(repository, options.directory);
  const target = await readRevision(opened, repository.environment, options.revision ?? "HEAD");
  const checkout = await openCheckout(opened, target, options.environment ?? withCache(repository));
  onTestFinished(() => checkout.close());
  return checkout;
}

/** Keeps a receipt for the tree of a revision, as a verification of it does. */
export async function prove(
  repository: Repository,
  revision: string,
  changed: { receipt?: Partial<Receipt>; summary?: Partial<Summary> } = {},
): Promise<void> {
  const opened = await open(repository);
  const commit = await repository.git("rev-parse", revision);
  const tree = await repository.git("rev-parse", `${revision}^{tree}`);
  const receipt: Receipt = {
    schema: 1,
    tree,
    configuration: "c",
    version,
    environment: "linux x64, node 20.20.2",
    against: null,
    at: new Date().toISOString(),
    summary: sampleSummary({ commit, tree, branch: "main", changes: null, ...changed.summary }),
    ...changed.receipt,
  };
  const hook = join(packageRoot, "hooks", "pre-push");
  const { stdout: marker } = await execa("sh", [hook, "--conditions"], {
    cwd: repository.root,
    env: repository.environment,
    extendEnv: false,
    stripFinalNewline: false,
  });
  await new ReceiptStore(opened.commonDirectory).save(receipt, marker);
}
