/**
 * How near a suite of skewed files comes to the least wall time that whole files allow: by xdist's own distributions and by
 * ours, all under `verify`, at 2 and 4 workers, in one run. The tests wait for the database, as most of such a suite does, so that
 * four workers can be shown on two cores.
 */
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Summary } from "../../src/model/summary.ts";
import { median } from "../../src/shared/median.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import setup from "../support/global-setup.ts";
import { pythonEnvironment } from "../support/python.ts";
import { type Files, gitEnvironment, writeFiles } from "../support/repository.ts";
import { makeWorkspace } from "./places.ts";
import { randomNumbers } from "./random.ts";

const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "40" },
    seconds: { type: "string", default: "24" },
    rounds: { type: "string", default: "3" },
  },
});
const [fileCount, totalSeconds, rounds] = [values.files, values.seconds, values.rounds].map(Number) as [
  number,
  number,
  number,
];

/** Seconds by file, spread lognormally (sigma 1), which add up to the total. */
function fileSeconds(): number[] {
  const random = randomNumbers(20);
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const spread = Array.from({ length: fileCount }, () => Math.exp(normal()));
  const sum = spread.reduce((total, one) => total + one, 0);
  return spread.map((one) => (one / sum) * totalSeconds);
}

/** Between 1 and 12 tests a file, whatever it takes: the number of tests says little about the time. */
function suiteFiles(): Files {
  const random = randomNumbers(7);
  const files: Record<string, string> = {};
  for (const [index, seconds] of fileSeconds().entries()) {
    const count = 1 + Math.floor(random() * 12);
    const tests = Array.from({ length: count }, (_, one) => `def test_${one}(wait):\n    wait(${seconds / count})\n`);
    files[`tests/test_${String(index).padStart(3, "0")}.py`] = tests.join("\n\n");
  }
  return {
    ...files,
    ".gitignore": "__pycache__/\n",
    "src/waiting.py": "def wait(cursor, seconds):\n    cursor.execute('SELECT pg_sleep(%s)', (seconds,))\n",
    "conftest.py": conftest,
    "pytest.ini": "[pytest]\npythonpath = src\n",
    "verify.config.json": JSON.stringify({
      suites: [{ name: "ledger", runner: "pytest", command: "pytest", source: ["src"] }],
      database: { name: "schedule_test" },
    }),
  };
}

/** A project's own scheduler is left alone, so that xdist's can be asked for by name. */
const conftest = `import os
import psycopg2, pytest
from waiting import wait as wait_in

@pytest.fixture(scope="session")
def cursor():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    yield connection.cursor()
    connection.close()

@pytest.fixture
def wait(cursor):
    return lambda seconds: wait_in(cursor, seconds * float(os.environ["BENCH_SCALE"]))

if os.environ.get("BENCH_SCHEDULER") == "loadfile":
    def pytest_xdist_make_scheduler(config, log):
        from xdist.scheduler import LoadFileScheduling
        return LoadFileScheduling(config, log)
`;

interface Timed {
  readonly seconds: number;
  readonly bound: number;
}

/** Runs `verify` in a directory and gives the suite's wall time and bound; throws, with the output, where it fails. */
async function measure(
  directory: string,
  workers: number,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Timed> {
  const program = join(packageRoot, "dist", "main.js");
  const options = ["--fresh", "--workers", String(workers), ...(words.length === 0 ? [] : ["--", ...words])];
  await run(process.execPath, [program, ...options], { cwd: directory, env: environment });
  const summary = JSON.parse(await readFile(join(directory, ".verify", "summary.json"), "utf8")) as Summary;
  const [suite] = summary.suites;
  if (suite === undefined) throw new Error("verify passed without a suite.");
  return { seconds: suite.seconds, bound: suite.schedule?.boundSeconds ?? 0 };
}

async function bench(directory: string): Promise<void> {
  const { bin } = await pythonEnvironment();
  const environment = {
    ...process.env,
    ...gitEnvironment(),
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    BENCH_SCALE: "1",
  };
  await writeFiles(directory, suiteFiles());
  const git = (...words: string[]) => run("git", words, { cwd: directory, env: environment });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=Skewed files");
  for (const workers of [2, 4]) {
    const empty = await several(() => measure(directory, workers, [], { ...environment, BENCH_SCALE: "0" }));
    // A run in which nothing took time says nothing of the next one.
    await measure(directory, workers, [], environment);
    const ours = await several(() => measure(directory, workers, [], environment));
    const loadfile = await several(() =>
      measure(directory, workers, [], { ...environment, BENCH_SCHEDULER: "loadfile" }),
    );
    const worksteal = await several(() => measure(directory, workers, ["--dist", "worksteal"], environment));
    const least = ours.bound + empty.seconds;
    console.log(
      `\n${workers} workers: the bound is ${ours.bound.toFixed(2)} s, the runner's own start-up ${empty.seconds.toFixed(2)} s`,
    );
    for (const [name, { seconds }] of Object.entries({ loadfile, worksteal, ours })) {
      const ratio = (seconds / least).toFixed(2);
      console.log(
        `  ${name.padEnd(10)} ${seconds.toFixed(2).padStart(6)} s  ${ratio} of bound and start-up  ${(seconds / loadfile.seconds).toFixed(2)} of loadfile`,
      );
    }
  }
}

async function several(once: () => Promise<Timed>): Promise<Timed> {
  const times: Timed[] = [];
  for (let round = 0; round < rounds; round++) times.push(await once());
  return { seconds: median(times.map(({ seconds }) => seconds)), bound: median(times.map(({ bound }) => bound)) };
}

await setup();
const workspace = await makeWorkspace();
try {
  await bench(join(workspace, "skewed"));
} finally {
  await rm(workspace, { recursive: true, force: true });
}
