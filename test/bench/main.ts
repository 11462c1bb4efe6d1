/** `npm run bench` times runs of a whole suite, `npm run bench -- databases` how databases are made ready. */
if (process.argv[2] === "databases") {
  // The benchmark reads the rest as its options.
  process.argv.splice(2, 1);
  await import("./databases.ts");
} else {
  await import("./ledger.ts");
}
