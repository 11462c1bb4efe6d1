import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLeaseServer } from "../../src/database/leases.ts";
import type { Environment } from "../../src/shared/world.ts";
import { open, ownRunDirectories } from "../database/support.ts";
import { builtProgram, startExec } from "../support/exec.ts";
import { type Files, makeDirectory, makeRepository, type Repository, writeFiles } from "../support/repository.ts";
import { runShell, suiteEnvironment } from "../support/run.ts";
import { configFile, type Outcome, runIn } from "../support/verify.ts";

const suites = [{ name: "backend", runner: "pytest", command: "pytest" }];

function makeExecRepository(database: object | false = {}, files: Files = {}): Promise<Repository> {
  const settings = database === false ? false : { name: "shop_test", ...database };
  return makeRepository({ "verify.config.json": configFile({ suites, database: settings }), ...files });
}

/** The user's environment, without what this machine or an outer run has of ours. */
function outside(more: Environment = {}): Environment {
  const { VERIFY_DATABASE_URL: _url, VERIFY_WORKER: _worker, VERIFY_LEASES: _leases, ...rest } = suiteEnvironment();
  return { ...rest, ...more };
}

/** The environment of a process that has a database already, so that `verify exec` starts no server. */
const inside = (more: Environment = {}): Environment =>
  outside({ VERIFY_WORKER: "gw7", DATABASE_URL: "kept", ...more });

async function execute(
  words: readonly string[],
  options: { in?: string; environment?: Environment; input?: string } = {},
) {
  const directory = options.in ?? (await makeDirectory());
  const environment = options.environment ?? inside();
  return await startExec(directory, words, { environment, input: options.input ?? "" }).ended;
}

/** A program that answers a statement over the URL of its environment. */
const asking = (statement: string): string[] => [
  process.execPath,
  "--input-type=module",
  "--eval",
  `import pg from ${JSON.stringify(import.meta.resolve("pg"))};
   const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
   await client.connect();
   const { rows } = await client.query(${JSON.stringify(statement)});
   console.log(JSON.stringify(rows));
   await client.end();`,
];

test("outside of a verification a command gets a database of its own, built by database.setup, that is gone at its end", async () => {
  const repository = await makeExecRepository({ setup: "sh setup.sh" }, { "setup.sh": "echo made $VERIFY_WORKER\n" });
  const running = startExec(repository.root, asking("SELECT current_database() AS name, 1 AS one"), {
    environment: outside(),
  });
  expect(await running.ended).toEqual({ code: 0, output: '[{"name":"shop_test","one":1}]\n', errors: "" });
  expect(await ownRunDirectories(running.pid)).toEqual([]);
  expect(await repository.git("status", "--porcelain")).toBe("");
});

test("the command has the user's environment, with nothing that leads Postgres elsewhere or names the server's password", async () => {
  const { root } = await makeExecRepository();
  const environment = outside({
    PGSERVICE: "elsewhere",
    PGHOSTADDR: "10.0.0.1",
    MINE: "kept",
    PGUSER: "somebody",
    npm_lifecycle_event: "npx",
  });
  const { output } = await execute(["env"], { in: root, environment });
  const seen = Object.fromEntries(output.split("\n").map((line) => line.split(/=([\s\S]*)/, 2)));
  expect(seen).toMatchObject({ MINE: "kept", VERIFY_WORKER: "master", PGDATABASE: "shop_test", PGHOST: "127.0.0.1" });
  for (const name of ["PGSERVICE", "PGHOSTADDR", "VERIFY_DATABASE_URL", "npm_lifecycle_event"])
    expect(seen).not.toHaveProperty(name);
  expect(seen.DATABASE_URL).toContain(`//${seen.PGUSER}:`);
});

test("standard output is the command's alone, its standard input the caller's", async () => {
  const { root } = await makeExecRepository({ setup: "echo noise" });
  const input = "line\n".repeat(50_000);
  expect(await execute(["cat"], { in: root, environment: outside(), input })).toEqual({
    code: 0,
    output: input,
    errors: "",
  });
});

test("words reach the command as they are, without a shell", async () => {
  const { output } = await execute(["printf", "%s|", "a b", "$HOME", "*", "--", ""]);
  expect(output).toBe("a b|$HOME|*|--||");
});

test.each<[string, string[], number]>([
  ["its exit code", ["sh", "-c", "exit 7"], 7],
  ["128 and the number of the signal that ended it", ["sh", "-c", "kill -KILL $$"], 137],
  ["130 where it was interrupted", ["sh", "-c", "kill -INT $$"], 130],
  ["127 where it is not there", ["no-such-program"], 127],
  ["126 where it cannot be run", ["/etc/passwd"], 126],
  ["126 where its words cannot be passed on", ["true", "a\0b"], 126],
])("a command's end is told as a shell does: %s", async (_what, words, code) => {
  // A NUL cannot be in the words of a process, only in those of a call.
  const outcome = words.join().includes("\0")
    ? await runIn(await makeDirectory(), ["exec", "--", ...words], { environment: inside() })
    : await execute(words);
  expect(outcome.code).toBe(code);
});

test("what cannot be started is named on standard error", async () => {
  expect(await execute(["no-such-program"])).toEqual({
    code: 127,
    output: "",
    errors: "no-such-program is not found: is it installed, and on PATH?\n",
  });
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s is passed on, the command's answer waited for, the database then removed",
  async (signal) => {
    const { root } = await makeExecRepository();
    const name = signal.slice(3);
    const script = `trap 'echo heard; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`;
    const running = startExec(root, ["sh", "-c", script], { environment: outside() });
    expect(await running.firstLine()).toBe("ready");
    process.kill(running.pid, signal);
    expect(await running.ended).toEqual({ code: 9, output: "ready\nheard\n", errors: "" });
    expect(await ownRunDirectories(running.pid)).toEqual([]);
  },
);

test("whoever insists three times ends the program and the command", async () => {
  const script = "trap 'echo heard' TERM; echo ready; while :; do sleep 0.05; done";
  const running = startExec(await makeDirectory(), ["sh", "-c", script], { environment: inside() });
  await running.firstLine();
  let hasEnded = false;
  const ended = running.ended.finally(() => (hasEnded = true));
  for (let sent = 0; sent < 100 && !hasEnded; sent++) {
    // It may be gone before this process notices.
    if (!kill(running.pid)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The outputs are the command's too: that they are closed says that it is gone.
  expect((await ended).code).toBe(130);
});

test("a terminal's Ctrl-C reaches the command once", async () => {
  const directory = await makeDirectory();
  const program = join(directory, "counts.sh");
  await writeFiles(directory, {
    "counts.sh": "#!/bin/sh\ntrap 'echo heard' INT\necho ready\nfor i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done\n",
    "terminal.py": [
      "import os, pty, sys, time",
      "seen = b''",
      "pid, terminal = pty.fork()",
      "if pid == 0:",
      "    os.execvp(sys.argv[1], sys.argv[1:])",
      "while True:",
      "    try:",
      "        data = os.read(terminal, 1024)",
      "    except OSError:",
      "        break",
      "    if b'ready' in data and b'ready' not in seen:",
      "        os.write(terminal, b'\\x03')",
      "    seen += data",
      "print(seen.decode().count('heard'))",
    ].join("\n"),
  });
  await chmod(program, 0o755);
  const { output } = await runShell(`python3 terminal.py ${builtProgram} exec -- ${program}`, directory, inside());
  expect(output).toBe("1\n");
});

test("where a worker has its database already, the command shares it", async () => {
  const { output } = await execute(["sh", "-c", 'echo "$VERIFY_WORKER $DATABASE_URL"']);
  expect(output).toBe("gw7 kept\n");
});

test("inside a verification it leases, and what it starts shares the lease", async () => {
  const { root } = await makeExecRepository();
  const provision = await open();
  const office = await openLeaseServer(provision, await provision.lease(["gw0"]), await makeDirectory(), {
    renews: true,
  });
  onTestFinished(() => office.close());
  const environment = outside({ VERIFY_LEASES: office.socketPath, VERIFY_WORKER: "master" });
  const words = [
    "sh",
    "-c",
    `echo "$PGDATABASE $VERIFY_WORKER"; ${builtProgram} exec -- sh -c 'echo "$PGDATABASE \${VERIFY_LEASES-none}"'`,
  ];
  const { code, output, errors } = await execute(words, { in: root, environment });
  expect([code, output, errors]).toEqual([0, "ledger_test_gw0 gw0\nledger_test_gw0 none\n", ""]);
});

test("an interruption while it waits for a lease ends the waiting", async () => {
  const provision = await open();
  const office = await openLeaseServer(provision, [], await makeDirectory(), { renews: true });
  onTestFinished(() => office.close());
  const directory = await makeDirectory();
  const environment = outside({ VERIFY_LEASES: office.socketPath });
  const outcome = await runIn(directory, ["exec", "--", "true"], {
    environment,
    onStart: (interrupt) => setTimeout(interrupt, 100),
  });
  expect(outcome).toEqual({ code: 130, output: "", errors: "Interrupted.\n" });
});

test("a verification that has ended lends nothing, and the command is not run", async () => {
  const directory = await makeDirectory();
  const environment = outside({ VERIFY_LEASES: join(directory, "gone") });
  const { code, output, errors } = await execute(["touch", "started"], { in: directory, environment });
  expect([code, output]).toEqual([3, ""]);
  expect(errors).toBe("The verification that lends the databases of this suite has ended.\n");
  expect(await readdir(directory)).toEqual([]);
});

test("database.setup that fails is told, and the command is not run", async () => {
  const { root } = await makeExecRepository({ setup: "echo no such table; exit 4" });
  const { code, output, errors } = await execute(["touch", "started"], { in: root, environment: outside() });
  expect([code, output]).toEqual([3, ""]);
  expect(errors).toContain("database.setup failed");
  expect(await readdir(root)).not.toContain("started");
});

test.each<[string, () => Promise<Outcome>, string]>([
  [
    "no command",
    async () => runIn(await makeDirectory(), ["exec"], { environment: outside() }),
    "behind `--`: `verify exec -- npm test`",
  ],
  [
    "a command without `--`",
    async () => runIn(await makeDirectory(), ["exec", "npm", "test", "-w"], { environment: outside() }),
    "Put `--` before the command: `verify exec -- npm test -w`.",
  ],
  ["no repository", async () => execute(["true"], { environment: outside() }), "is not in a git checkout"],
  [
    "no configuration",
    async () => execute(["true"], { in: (await makeRepository({ "a.txt": "" })).root, environment: outside() }),
    "has no verify.config.json, which describes the database",
  ],
  [
    "no database",
    async () => execute(["true"], { in: (await makeExecRepository(false)).root, environment: outside() }),
    'verify.config.json says `"database": false`',
  ],
  [
    "a suite without one",
    async () => execute(["true"], { environment: outside({ VERIFY_LEASES: "none", VERIFY_WORKER: "gw0" }) }),
    "This suite has no database for `verify exec`",
  ],
])("%s is refused in one sentence", async (_what, run, sentence) => {
  const { code, output, errors } = await run();
  expect([code, output]).toEqual([2, ""]);
  expect(errors).toContain(sentence);
  expect(errors.trimEnd().split("\n")).toHaveLength(1);
});

/** Tells a process to end; false where it is gone. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGTERM");
  } catch {
    return false;
  }
}
