// Writes the report of `c8 report` with the project's own c8 configuration. The last line of output lists which of the
// files in source-files.ts that configuration includes and excludes.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
// @ts-expect-error c8 declares no types.
const { buildYargs } = require("c8/lib/parse-args");
// @ts-expect-error c8 declares no types.
const { outputReport } = require("c8/lib/commands/report");

const Exclude = createRequire(require.resolve("c8/lib/report"))("test-exclude");

/** Extensions that Node runs but c8 ignores by default. */
const moreExtensions = [".mts", ".cts"];

async function main() {
  const [path = "", ...args] = process.argv.slice(2);
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(readFileSync(path, "utf8"));
  const argv = buildYargs().parse(args);
  argv.extension = [...new Set([argv.extension, moreExtensions].flat())];
  await outputReport(argv);

  const { include, exclude, extension, excludeNodeModules } = argv;
  const rules = { include, exclude, extension, relativePath: !argv.allowExternal, excludeNodeModules };
  const isCounted = new Exclude(rules);
  // The verifier passes --all and --include; a project's own `include` excludes everything else.
  const isOurs = args.includes("--all");
  const isMeant = new Exclude({ ...rules, include: isOurs ? include : [], exclude: [], excludeNodeModules: false });
  const counted = new Set(files.filter((file) => isCounted.shouldInstrument(file)));
  const left = files.filter((file) => !counted.has(file) && isMeant.shouldInstrument(file));
  process.stdout.write(`\n${JSON.stringify({ named: argv.all ? [...counted] : null, left })}\n`);
}

main();
