/**
 * `npm run bench` times runs of a whole suite, `npm run bench -- databases` how databases are made ready, `npm run bench --
 * schedule` how near a suite's files come to the least time that is possible, `npm run bench -- coverage` how coverage is merged,
 * `npm run bench -- start` what the program takes before it begins to work, `npm run bench -- push` what a proven push takes beside
 * other tools' hooks, `npm run bench -- reset` what keeping the schema saves, `npm run bench -- receipts` what receipts on a remote cost,
 * `npm run bench -- shards` how evenly several machines share a suite and what a merge of many takes,
 * `npm run bench -- growth` what the program takes where a push, a repository or what a suite writes is huge,
 * `npm run bench -- incremental` what reuse saves, and with `--edits N` whether it is right.
 */
const [, , part = ""] = process.argv;
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  databases: () => import("./databases.ts"),
  schedule: () => import("./schedule.ts"),
  coverage: () => import("./coverage.ts"),
  start: () => import("./start.ts"),
  push: () => import("./push.ts"),
  receipts: () => import("./receipts.ts"),
  incremental: () => import("./incremental.ts"),
  reset: () => import("./reset.ts"),
  shards: () => import("./shards.ts"),
  growth: () => import("./growth.ts"),
};
const chosen = parts[part];
// The benchmark reads the rest as its options.
if (chosen !== undefined) process.argv.splice(2, 1);
await (chosen ?? (() => import("./ledger.ts")))();
