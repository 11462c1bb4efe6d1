import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";

/** What a process does, each with what its trace then says. */
const calls: readonly (readonly [string, string])[] = [
  ["fs.readFileSync('data.txt')", "reads data.txt"],
  ["await fs.promises.readFile('data.txt')", "reads data.txt"],
  ["fs.readdirSync('.')", "reads "],
  ["fs.existsSync('missing.txt')", "looks missing.txt"],
  ["await promisify(fs.exists)('missing.txt')", "looks missing.txt"],
  ["fs.statSync('data.txt')", "looks data.txt"],
  ["createRequire(root + '/x.js')('./data.json')", "reads data.json, looks data.json"],
  ["fs.writeFileSync('new.txt', '')", "always: writes new.txt"],
  ["fs.writeFileSync(outside, '')", "always: writes OUTSIDE"],
  ["fs.readFileSync(there)", "always: reads THERE"],
  ["fs.appendFileSync(there, '')", "always: reads THERE"],
  ["fs.writeFileSync(fs.mkdtempSync(os.tmpdir() + '/trace-') + '/a', '')", ""],
  ["childProcess.execFileSync('true')", "always: starts a process"],
  ["childProcess.spawn('true')", "always: starts a process"],
  ["await new Worker('0', { eval: true }).terminate()", "always: starts a thread"],
  ["dgram.createSocket('udp4').close()", "always: opens a socket"],
  ["net.connect(1, '127.0.0.1').on('error', () => {})", "always: connects to 127.0.0.1:1"],
  ["await fetch('http://127.0.0.1:9/').catch(() => {})", ""],
  ["net.connect({ path: '/nowhere' }).on('error', () => {})", "always: connects to /nowhere"],
  ["net.connect(5432, 'localhost').on('error', () => {})", ""],
  ["dns.lookup('example.invalid', () => {})", "always: asks for the address of example.invalid"],
  [
    "const server = net.createServer().listen(0, '127.0.0.1'); await once(server, 'listening'); net.connect(server.address().port, '127.0.0.1').destroy(); server.close()",
    "",
  ],
  ["(() => {}).toString()", ""],
  // What tsx keeps is the same whoever put it there.
  ["as(tsx, 'fs.readFileSync(kept)')()", ""],
  ["as(tsx, 'fs.writeFileSync(kept, String())')()", ""],
  ["fs.readFileSync(kept)", "always: reads KEPT"],
  ["as(tsx, 'fs.readFileSync(there)')()", "always: reads THERE"],
  ["as(tsx, 'net.connect(pipe).on(\"error\", String)')()", ""],
  ["net.connect(pipe).on('error', () => {})", "always: connects to PIPE"],
  ["as(tsx, 'net.connect(kept).on(\"error\", String)')()", "always: connects to KEPT"],
  ["as(tsx, 'run()', as(esbuild, 'childProcess.execFileSync(\"true\")'))()", ""],
  ["as(esbuild, 'childProcess.execFileSync(\"true\")')()", "always: starts a process"],
  ["as(tsx, 'childProcess.execFileSync(\"true\")')()", "always: starts a process"],
];

/** A place in a package's code, and what calls functions as if they were written there. */
const places = `
    const [tsx, esbuild] = ["tsx/dist/a.cjs", "esbuild/lib/main.js"].map((name) => "/any/node_modules/" + name);
    const kept = os.tmpdir() + "/tsx-" + process.geteuid() + "/1-abc";
    const pipe = os.tmpdir() + "/tsx-" + process.geteuid() + "/" + process.ppid + ".pipe";
    const as = (filename, code, run) => vm.compileFunction(code, ["fs", "net", "childProcess", "kept", "there", "pipe", "run"], { filename })
      .bind(null, fs, net, childProcess, kept, there, pipe, run);
`;

test("what a process reads, looks for and does is traced, and what is its own or its database's counts for nothing", async () => {
  const base = await makeDirectory();
  const [checkout, temporary, outside] = ["root", "temporary", "outside"].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  const there = join(temporary, "file");
  await writeFiles(checkout, { "data.txt": "text", "data.json": "{}" });
  await writeFiles(temporary, { file: "", [`tsx-${process.geteuid?.()}/1-abc`]: "" });
  const script = `
    import { Trace, traceProcess } from ${JSON.stringify(pathToFileURL(adapterPath("tracing/process-trace.mjs")).href)};
    const trace = new Trace(${JSON.stringify(checkout)}, null);
    traceProcess(trace, [{ PGHOST: "127.0.0.1", PGPORT: "5432" }, { PGHOST: "127.0.0.1", PGPORT: "9" }], []);
    const modules = ["fs", "os", "net", "dgram", "dns"].map((name) => import("node:" + name).then((module) => module.default));
    const [fs, os, net, dgram, dns] = await Promise.all(modules);
    const childProcess = (await import("node:child_process")).default;
    const vm = (await import("node:vm")).default;
    const { Worker } = await import("node:worker_threads");
    const { createRequire } = await import("node:module");
    const { promisify } = await import("node:util");
    const { once } = await import("node:events");
    const [root, there, outside] = ${JSON.stringify([checkout, there, outside])};
${places}
    const said = [];
    for (const call of ${JSON.stringify(calls.map(([call]) => call))}) {
      trace.always = null;
      trace.reads.clear();
      trace.looks.clear();
      await Object.getPrototypeOf(async () => {}).constructor("fs, os, net, dgram, dns, childProcess, Worker, createRequire, promisify, once, root, there, outside, as, tsx, esbuild, kept, pipe", call)(
        fs, os, net, dgram, dns, childProcess, Worker, createRequire, promisify, once, root, there, outside, as, tsx, esbuild, kept, pipe);
      trace.isOn = false;
      const named = (paths) => [...paths].map((path) => path.slice(root.length + 1)).join();
      said.push([
        ...(trace.always === null ? [] : ["always: " + trace.always.replace(there, "THERE").replace(outside, "OUTSIDE").replace(kept, "KEPT").replace(pipe, "PIPE")]),
        ...(trace.always !== null || trace.reads.size === 0 ? [] : ["reads " + named(trace.reads)]),
        ...(trace.always !== null || trace.looks.size === 0 ? [] : ["looks " + named(trace.looks)]),
      ].join(", "));
      trace.isOn = true;
    }
    trace.isOn = false;
    console.log(JSON.stringify(said));
    process.exit(0);`;
  const { output } = await runShell(
    `${quote(process.execPath)} --input-type=module -e ${quote(script)}`,
    checkout,
    suiteEnvironment({ TMPDIR: temporary }),
  );
  const said: readonly string[] = JSON.parse(output);
  expect(calls.map(([call], index) => [call, said[index]])).toEqual(calls);
});

test("files that lie in memory are no devices", async () => {
  const script = `
    import { Trace } from ${JSON.stringify(pathToFileURL(adapterPath("tracing/process-trace.mjs")).href)};
    const trace = new Trace("/work", null);
    trace.note("/dev/shm/rates.json", trace.reads);
    trace.note("/dev/null", trace.reads);
    trace.wrote("/dev/null");
    const { always } = trace;
    trace.wrote("/dev/shm/rates.json");
    console.log(JSON.stringify([[...trace.reads], always, trace.always]));`;
  const command = `${quote(process.execPath)} --input-type=module -e ${quote(script)}`;
  const { output } = await runShell(command, "/", suiteEnvironment({ TMPDIR: "/nowhere" }));
  expect(JSON.parse(output)).toEqual([["/dev/shm/rates.json"], null, "writes /dev/shm/rates.json"]);
});
