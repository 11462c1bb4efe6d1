import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { RanTest, TestId } from "../../model/test-id.ts";
import { replaceFile } from "../../shared/files.ts";
import type { Redact } from "../../shared/redact.ts";
import type { ReportedFacts } from "../progress/facts.ts";
import { reportedFile } from "../results/results.ts";

const testId = z.object({ file: z.string(), id: z.string() });

const orderSchema = z.object({
  schema: z.literal(1),
  /** The full object id of the commit; null for a working tree. */
  commit: z.string().nullable(),
  suite: z.string(),
  worker: z.string(),
  /** In the order in which the worker ran them; the last is the one that failed. */
  tests: z.array(testId).min(1),
});

/** The tests that one worker ran up to a test that failed there but passes alone. */
export type ReplayOrder = z.output<typeof orderSchema>;

/** Parses a replay order; null where the text is none. */
export function parseReplayOrder(text: string): ReplayOrder | null {
  try {
    return orderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Stores the replay orders of a run. */
export interface ReplayStore {
  /** Saves an order and returns its file name, relative to the repository's root. */
  keep(order: Omit<ReplayOrder, "schema" | "commit">): Promise<string>;
}

/** Opens the store of one run, in `.verify/orders` under the repository's root. Removes the orders of earlier runs. */
export async function openReplayStore(root: string, commit: string | null): Promise<ReplayStore> {
  const directory = join(".verify", "orders");
  await rm(join(root, directory), { recursive: true, force: true });
  let count = 0;
  return {
    keep: async (order) => {
      count += 1;
      const name = join(directory, `${count}-${order.worker}.json`);
      await replaceFile(join(root, name), `${JSON.stringify({ schema: 1, commit, ...order }, null, 1)}\n`);
      return name;
    },
  };
}

/** A store that redacts secrets. A test whose id contains a secret cannot be replayed. */
export function redactingStore(orders: ReplayStore, redact: Redact): ReplayStore {
  return {
    keep: ({ tests, ...order }) =>
      orders.keep({ ...order, tests: tests.map(({ file, id }) => ({ file: redact(file), id: redact(id) })) }),
  };
}

/**
 * The tests that a worker ran up to and including the failed one, in order: files in the order in which the worker
 * began them, tests in the order of the results. Only the failed test where the worker is unknown.
 */
export function ranBefore(
  {
    ran,
    visits,
    root,
    checkoutRoot,
  }: Pick<ReportedFacts, "visits" | "root"> & {
    readonly ran: readonly RanTest[];
    readonly checkoutRoot: string;
  },
  failed: TestId & { readonly worker: string | undefined },
): TestId[] {
  const own = ran.filter(({ worker, outcome }) => worker === failed.worker && outcome !== "skipped");
  const begun = visits
    .filter(({ worker }) => worker === failed.worker)
    .toSorted((left, right) => left.at - right.at)
    .map(({ file }) => reportedFile(checkoutRoot, root, file));
  const files = [...new Set([...begun, ...own.map(({ file }) => file)])];
  const tests = files.flatMap((file) => own.filter((test) => test.file === file));
  const place = tests.findIndex(({ file, id }) => file === failed.file && id === failed.id);
  const before = place < 0 ? [failed] : tests.slice(0, place + 1);
  return before.map(({ file, id }) => ({ file, id }));
}
