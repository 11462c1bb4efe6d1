/**
 * What receipts on a remote cost those who push, clone and fetch, and CI that looks for one: as notes, as one ref a tree, and as
 * one ref for each 1/256 of the trees. All on bare repositories on this disk, so times are without a network; what a network would
 * carry is told in bytes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../../src/shared/median.ts";
import { writeEnvelope } from "../../src/trust/attestation/envelope.ts";
import { writeStatement } from "../../src/trust/attestation/statement.ts";
import { claim } from "../trust/attestation/sample.ts";
import { makeWorkspace } from "./places.ts";
import { git, type Layout, layouts, type TravelingReceipt } from "./receipt-layouts.ts";

const { values } = parseArgs({
  options: { receipts: { type: "string", default: "10000" }, rounds: { type: "string", default: "5" } },
});
const [count, rounds] = [Number(values.receipts), Number(values.rounds)];

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Receipts such as a team makes: all but the settings differ from one to the next. */
function makeReceipt(index: number): TravelingReceipt {
  const id = (what: string): string => digest(`${what} ${index}`).slice(0, 40);
  const at = (seconds: number): string => new Date(1.77e12 + (index * 60 + seconds) * 1000).toISOString();
  const verification = {
    ...claim.verification,
    commit: id("commit"),
    branch: `feature/${id("branch").slice(0, 8)}`,
    suites: claim.verification.suites.map((suite) => ({ ...suite, names: { sha256: digest(`names ${index}`) } })),
    startedAt: at(0),
    endedAt: at(41),
  };
  const payload = writeStatement({ ...claim, tree: id("tree"), verification });
  // As long as one of ed25519, and as little to be compressed.
  const body = createHash("sha512").update(String(index)).digest("base64").repeat(3).slice(0, 252);
  const signature = `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----\n`;
  return { tree: id("tree"), envelope: writeEnvelope({ payload, signature, keyid: `SHA256:${id("key")}` }) };
}

/** Milliseconds. */
function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

interface Figures {
  readonly [figure: string]: string;
}

function measure(layout: Layout, directory: string, receipts: readonly TravelingReceipt[]): Figures {
  const remote = join(directory, "remote.git");
  mkdirSync(remote);
  git(remote, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  git(remote, ["fast-import", "--quiet"], history(300));
  layout.fill(remote, receipts);
  git(remote, ["gc", "--quiet"]);
  const clone = (name: string, ...options: string[]): string => {
    git(directory, ["clone", "--quiet", "--no-local", ...options, remote, name]);
    return join(directory, name);
  };
  const sender = clone("sender");
  // The first time a sender may have to fetch everything: told by itself.
  const first = timed(() => layout.send(sender, makeReceipt(count)));
  const times = {
    send: [] as number[],
    push: [] as number[],
    fetch: [] as number[],
    find: [] as number[],
    list: [] as number[],
  };
  let carried = 0;
  for (let round = 1; round <= rounds; round++) {
    times.send.push(timed(() => layout.send(sender, makeReceipt(count + round))));
    const push = ["push", "--quiet", "origin", `HEAD:refs/heads/round-${round}`];
    times.push.push(timed(() => git(sender, push)));
    times.fetch.push(timed(() => git(sender, ["fetch", "--quiet"])));
    times.list.push(timed(() => git(sender, ["ls-remote", "origin"])));
    const reader = clone(`reader-${round}`, "--depth", "1");
    const before = packedKilobytes(reader);
    const { tree = "", envelope = "" } = receipts[round * 7] ?? {};
    times.find.push(
      timed(() => {
        if (layout.find(reader, tree) !== envelope) throw new Error(`${layout.name} found another receipt.`);
      }),
    );
    carried = packedKilobytes(reader) - before;
  }
  const cloning = timed(() => clone("cloned"));
  const ms = (list: readonly number[]): string => `${median(list).toFixed(0)} ms`;
  return {
    "send one more": ms(times.send),
    "send the first": `${first.toFixed(0)} ms`,
    "push a branch": ms(times.push),
    "refs told to every push": kilobytes(Buffer.byteLength(git(remote, ["receive-pack", "--advertise-refs", "."]))),
    "ls-remote": `${ms(times.list)}, ${kilobytes(Buffer.byteLength(git(sender, ["ls-remote", "origin"])))}`,
    "git fetch": ms(times.fetch),
    "git clone": `${cloning.toFixed(0)} ms, ${packedKilobytes(join(directory, "cloned"))} kB`,
    "find one, in a shallow clone": `${ms(times.find)}, ${carried} kB`,
    "remote on disk": `${packedKilobytes(remote)} kB`,
  };
}

/** A stream for fast-import: so many commits on main. */
function history(commits: number): string {
  const text = Array.from({ length: 40 }, (_, line) => `line ${line} of a file`).join("\n");
  return Array.from({ length: commits }, (_, index) => {
    const changed = `${text}\n${index}\n`;
    return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1.7e9 + index} +0000\ndata 0\nM 100644 inline src/${index % 50}.ts\ndata ${changed.length}\n${changed}\n`;
  }).join("");
}

/** How much a repository's objects take. */
function packedKilobytes(directory: string): number {
  const counts = git(directory, ["count-objects", "-v"]);
  return ["size", "size-pack"].reduce((sum, name) => {
    const [, value = "0"] = new RegExp(`^${name}: (\\d+)$`, "m").exec(counts) ?? [];
    return sum + Number(value);
  }, 0);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}

const workspace = await makeWorkspace();
try {
  const receipts = Array.from({ length: count }, (_, index) => makeReceipt(index));
  const size = receipts.reduce((sum, { envelope }) => sum + envelope.length, 0) / count;
  console.log(`${count} receipts of ${Math.round(size)} bytes on a bare remote; medians of ${rounds}:\n`);
  const all = layouts.map((layout) => {
    const directory = join(workspace, layout.name.replaceAll(/\W+/g, "-"));
    mkdirSync(directory);
    return { name: layout.name, figures: measure(layout, directory, receipts) };
  });
  const row = (label: string, cells: readonly string[]): void =>
    console.log(label.padEnd(30) + cells.map((cell) => cell.padStart(24)).join(""));
  row(
    "",
    all.map(({ name }) => name.slice(0, 22)),
  );
  for (const figure of Object.keys(all[0]?.figures ?? {}))
    row(
      figure,
      all.map(({ figures }) => figures[figure] ?? ""),
    );
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
