import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../../src/shared/median.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { begin, type Tried, tryEdits } from "../support/incremental/differential.ts";
import type { EditKind } from "../support/incremental/edits.ts";
import { appearing, nastyFiles } from "../support/incremental/nasty.ts";
import { appearingForJest, linkForNastyJest, nastyJestFiles } from "../support/incremental/nasty-jest.ts";
import { appearingForNode, nastyNodeFiles } from "../support/incremental/nasty-node.ts";
import { appearingForTsx, nastyTsxFiles } from "../support/incremental/nasty-tsx.ts";
import { appearingForSetup, appearingModules, nastyVitestFiles } from "../support/incremental/nasty-vitest.ts";
import { scriptKinds } from "../support/incremental/script-edits.ts";
import { ledgerFiles } from "../support/ledger.ts";
import { ledgerConfig } from "../support/ledger-repository.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "../support/repository.ts";
import { readSummary, userEnvironment } from "../support/verify.ts";
import { linkNodeModules } from "../support/vitest-ledger.ts";
import { timed } from "./programs.ts";
import { randomNumbers } from "./random.ts";
import { timeVitestChanged } from "./vitest-changed.ts";

/**
 * `npm run bench -- incremental` times what is reused on the ledger: `--files N --tests N`, and on the vitest ledger beside
 * `vitest --changed`. With `--edits N` it makes random edits instead and compares every run with a full one: `--seed N`,
 * `--suite nasty|ledger|vitest|threads|setup|jest|jest-v8|node|tsx|tsx-commonjs`, `--workers N`, `--shards N` to run what reuses results by shards, `--only add,half` for some of the test files of Node's runners.
 */
const { values } = parseArgs({
  options: {
    files: { type: "string", default: "95" },
    tests: { type: "string", default: "806" },
    edits: { type: "string" },
    seed: { type: "string", default: "1" },
    suite: { type: "string", default: "nasty" },
    workers: { type: "string", default: "1" },
    shards: { type: "string" },
    only: { type: "string" },
  },
});
const ends: (() => Promise<void>)[] = [];
const atEnd: AtEnd = (end) => void ends.push(end);
// As users have it, Python keeps what it compiled.
const environment = await userEnvironment({ PYTHONDONTWRITEBYTECODE: undefined });
try {
  if (values.edits === undefined) {
    await timeLedger();
    await timeVitestChanged({ files: 40, tests: 320 }, environment, atEnd);
  } else await compareEdits(Number(values.edits));
} finally {
  for (const end of ends) await end();
}

/** Random edits: none may give another result than a full run. */
async function compareEdits(count: number): Promise<void> {
  const { files, workers, ...edits } = suiteOf(values.suite, Number(values.workers));
  const pair = {
    incremental: await makeRepository(files, atEnd),
    full: await makeRepository(files, atEnd),
    environment,
    workers,
    ...(values.shards === undefined ? {} : { shards: Number(values.shards) }),
  };
  const isPython = values.suite === "nasty" || values.suite === "ledger";
  const link = values.suite.startsWith("jest") ? linkForNastyJest : linkNodeModules;
  for (const { root } of isPython ? [] : [pair.incremental, pair.full]) await link(root);
  await begin(pair);
  const isMeant = edits.isEdited ?? (() => true);
  const isEdited = (file: string): boolean => !/^(?:verify\.config\.json|\.gitignore)$/.test(file) && isMeant(file);
  const source = { random: randomNumbers(Number(values.seed)), ...edits, isEdited };
  const tried = await tryEdits(pair, source, count, console.log);
  report(tried);
  if (tried.misses.length > 0) process.exitCode = 1;
}

/** What a repository to be edited holds, and what may be made of it. */
interface EditedSuite {
  readonly files: Files;
  /** How many of them share what their functions keep. */
  readonly workers: number;
  readonly appearing: Files;
  readonly kinds?: readonly EditKind[];
  /** Which of the files are edited; all where it is left out. */
  readonly isEdited?: (file: string) => boolean;
}

function suiteOf(name: string, workers: number): EditedSuite {
  const only = values.only?.split(",") ?? [];
  if (name === "nasty") return { files: nastyFiles(workers), workers, appearing };
  if (name === "ledger") {
    const config = ledgerConfig({}, { incremental: true, coverage: { lines: 1 } });
    return { files: { ...ledgerFiles(), "verify.config.json": config }, workers: 2, appearing };
  }
  // Test files of vitest, jest and node:test share nothing, whichever worker runs them.
  if (name === "node") {
    return { files: nastyNodeFiles({ workers, only }), workers: 1, appearing: appearingForNode, kinds: scriptKinds };
  }
  if (name === "tsx" || name === "tsx-commonjs") {
    const kind = name === "tsx" ? "module" : "commonjs";
    return {
      files: nastyTsxFiles({ workers, kind, only }),
      workers: 1,
      appearing: appearingForTsx,
      kinds: scriptKinds,
    };
  }
  if (name === "setup") {
    const files = nastyVitestFiles({ workers, globalSetup: true, only });
    // What many test files load, and what is set up.
    const isEdited = (file: string): boolean =>
      /^(?:test|assets|src\/(?:seeds|arithmetic|settings|data|legacy|halves|state))/.test(file);
    const more = { ...appearingModules, ...appearingForSetup };
    return { files, workers: 1, appearing: more, kinds: scriptKinds, isEdited };
  }
  if (name === "jest" || name === "jest-v8") {
    const files = nastyJestFiles({ workers, provider: name === "jest" ? "babel" : "v8" });
    return { files, workers: 1, appearing: appearingForJest, kinds: scriptKinds };
  }
  const pool = name === "threads" ? "threads" : "forks";
  return {
    files: nastyVitestFiles({ workers, pool, only }),
    workers: 1,
    appearing: appearingModules,
    kinds: scriptKinds,
  };
}

function report({ edits, failing, partial, ran, files, misses }: Tried): void {
  console.log(`Seed ${values.seed}: ${edits} edits, ${failing} made a test fail, ${misses.length} misses.`);
  if (files > 0) {
    const share = ((100 * ran) / files).toFixed(0);
    console.log(`${partial} were verified in part: ${share} % of their test files ran.`);
  }
  for (const miss of misses) console.log(`MISS ${miss}`);
}

/** The times of a full run, without and with recording, and of runs after small edits. */
async function timeLedger(): Promise<void> {
  const files = ledgerFiles({ files: Number(values.files), tests: Number(values.tests) });
  const repository = await makeRepository({ ...files, "verify.config.json": ledgerConfig({}) }, atEnd);
  await repository.git("switch", "--quiet", "--create", "feature");
  const plain = await time(repository, "full, nothing recorded");
  await repository.write({ "verify.config.json": ledgerConfig({}, { incremental: true }) });
  await repository.commit("Reuse");
  const full = await time(repository, "full, recorded");
  console.log(`  recording costs ${(100 * (full / plain - 1)).toFixed(1)} %`);
  const closing = "src/ledger/services/closing.py";
  const text = await readFile(join(repository.root, closing), "utf8");
  await share(repository, "a text for people", full, () => appendFile(join(repository.root, "README.md"), "# Text\n"));
  await share(repository, "a comment", full, (round) => repository.write({ [closing]: `# Comment ${round}\n${text}` }));
  await repository.write({ [closing]: text });
  await share(repository, "a function of a leaf service that no file runs", full, () =>
    edit(repository, closing, "reopen"),
  );
  const edited = () => edit(repository, "src/ledger/services/reporting.py", "variance");
  await share(repository, "a function of a leaf service that many files run", full, edited, 1);
}

/** Adds a statement to a function. */
async function edit(repository: Repository, file: string, name: string): Promise<void> {
  const text = await readFile(join(repository.root, file), "utf8");
  const edited = text.replace(new RegExp(`(def ${name}\\([^)]*\\):\\n(?: +""".*"""\\n)?)`), "$1    _leaf = 1\n");
  if (edited === text) throw new Error(`${file} has no function ${name}.`);
  await repository.write({ [file]: edited });
}

/**
 * Times runs after a change that is made so many times, each time on top of the last one. Another file is the sample each
 * time, and takes as long as its tests do.
 */
async function share(
  repository: Repository,
  what: string,
  full: number,
  change: (round: number) => Promise<void>,
  rounds = 5,
): Promise<void> {
  const all: number[] = [];
  let ran = "";
  for (let round = 1; round <= rounds; round++) {
    await change(round);
    await repository.commit(`${what} ${round}`);
    all.push(await time(repository, what));
    const [suite] = (await readSummary(repository.root)).suites;
    ran = suite?.reuse === undefined ? "all" : `${suite.reuse.ran} of ${suite.files}`;
  }
  const middle = median(all);
  console.log(
    `  ${middle.toFixed(2)} s (median), ${((100 * middle) / full).toFixed(1)} % of the full run, ${ran} files ran`,
  );
}

async function time(repository: Repository, what: string): Promise<number> {
  await rm(join(repository.root, ".verify"), { recursive: true, force: true });
  const program = join(packageRoot, "dist", "main.js");
  const { seconds } = await timed(process.execPath, [program, "--fresh"], { cwd: repository.root, env: environment });
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  return seconds;
}
