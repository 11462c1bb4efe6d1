import { gitLine, gitLineOrNull } from "../git/client.ts";
import { withPrivateGit } from "../git/private-git.ts";
import { defaultRemote, readRemotes } from "../git/remotes.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { ReceiptStore } from "../push/receipts.ts";
import { readRevision } from "../push/refs.ts";
import { SentReceipts } from "../push/sent-receipts.ts";
import { wrapFor } from "../report/terminal/wrap-for.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { withoutCredentials } from "../shared/redact.ts";
import { plural, shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { deliver } from "../trust/travel/deliver.ts";
import { localRows, remoteRows } from "../trust/travel/overview.ts";
import { pruneRemote } from "../trust/travel/prune.ts";

/** Prints the receipts that are here, and those on a remote where there is one, newest first. */
export async function listReceipts(remote: string | undefined, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const say = await sayer(world);
  const here = await localRows(repository, world.environment, new Date());
  say(here.length === 0 ? "Here: none." : "Here:");
  for (const row of here) say(`  ${row}`);
  const place = await findRemote(repository, remote);
  if (place === null) return exitCodes.verified;
  const { rows, left } = await remoteRows(repository, place.url, world);
  say(rows.length === 0 ? `On ${place.name}: none.` : `On ${place.name}:`);
  for (const row of rows) say(`  ${row}`);
  if (left > 0) say(`  and ${left} more, which are older`);
  return exitCodes.verified;
}

/** Removes expired receipts: here, and on a remote where one is asked for (true is the default one). */
export async function pruneReceipts(remote: string | true | undefined, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const say = await sayer(world);
  const store = new ReceiptStore(repository.commonDirectory);
  const before = (await store.list()).length;
  await store.prune(new Date());
  const kept = (await store.list()).length;
  say(`Here: ${plural(before - kept, "expired receipt")} removed, ${kept} kept.`);
  if (remote === undefined) return exitCodes.verified;
  const place = await findRemote(repository, remote === true ? undefined : remote);
  if (place === null)
    throw new RequestError("There is no remote to prune: name one, as in `verify receipts prune --remote origin`.");
  const how = { caller: world.environment, signal: world.signal, manner: "asks" } as const;
  const pruned = await withPrivateGit(repository, how, (git) => pruneRemote(git, place.url, new Date()));
  say(`On ${place.name}: ${plural(pruned.removed, "expired receipt")} removed, ${pruned.kept} kept.`);
  for (const why of pruned.refused) say(`${place.name} refuses to let some go: ${why}.`);
  return pruned.refused.length === 0 ? exitCodes.verified : exitCodes.unavailable;
}

/**
 * Sends the signed receipt of HEAD, and those that an earlier push could not send, and waits until they are there: for
 * machines that end what a hook leaves running, and for keys whose passphrase ssh must ask for.
 */
export async function pushReceipts(remote: string | undefined, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const say = await sayer(world);
  const place = await findRemote(repository, remote);
  if (place === null)
    throw new RequestError("There is no remote to send to: name one, as in `verify receipts push origin`.");
  const { tree } = await readRevision(repository, world.environment, "HEAD");
  const how = { url: place.url, caller: world.environment, signal: world.signal, manner: "asks" } as const;
  const deliveries = await deliver(
    repository,
    [...new Set([tree, ...(await failedTrees(repository, place.url))])],
    how,
  );
  if (deliveries.length === 0) {
    say(
      "HEAD has no signed receipt: with `receipts.push` in the configuration, `npx verify --fresh` signs it, or says why not.",
    );
    return exitCodes.notVerified;
  }
  for (const { tree: sent, state, why } of deliveries) {
    if (state === "sent") say(`${place.name} has the receipt of tree ${shortId(sent)}.`);
    else
      say(
        `${place.name} ${state === "refused" ? "refuses" : "did not get"} the receipt of tree ${shortId(sent)}: ${why}.`,
      );
  }
  return deliveries.every(({ state }) => state === "sent") ? exitCodes.verified : exitCodes.unavailable;
}

/** The trees whose receipts a remote did not get when they were pushed. */
async function failedTrees({ commonDirectory }: Repository, url: string): Promise<string[]> {
  const sent = new SentReceipts(commonDirectory);
  const place = withoutCredentials(url);
  const found = await Promise.all(
    (await sent.trees()).map(async (tree) => {
      const isFailed = (await sent.of(tree)).some((delivery) => delivery.url === place && delivery.state === "failed");
      return isFailed ? [tree] : [];
    }),
  );
  return found.flat();
}

/** A remote, by its name or else its URL, with the URL that pushes go to. */
async function findRemote(
  { git }: Repository,
  named: string | undefined,
): Promise<{ readonly name: string; readonly url: string } | null> {
  const { names, ofBranch } = await readRemotes(git);
  const branch = await gitLineOrNull(git, "symbolic-ref", "--quiet", "--short", "HEAD");
  const [configured] = branch === null ? [] : ofBranch(branch);
  const name = named ?? configured ?? defaultRemote(names);
  if (name === null) return null;
  if (names.includes(name)) return { name, url: await gitLine(git, "remote", "get-url", "--push", name) };
  if (!/[/:]/.test(name))
    throw new RequestError(`There is no remote "${name}" here. Known: ${names.join(", ") || "none"}.`);
  return { name: withoutCredentials(name), url: name };
}

async function sayer(world: World): Promise<(line: string) => void> {
  const wrap = await wrapFor(world.output, world.environment);
  return (line) => void world.output.write(`${wrap(line).join("\n")}\n`);
}
