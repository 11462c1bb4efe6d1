import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { configDigest, parseConfig } from "../../src/config/parse.ts";
import { RequestError } from "../../src/shared/errors.ts";
import { type Files, makeDirectory, writeFiles } from "../support/repository.ts";

const suite = { name: "backend", runner: "pytest", command: "pytest" };
const minimal = { suites: [suite] };
const json = JSON.stringify(minimal);

/** What the program says about a configuration. */
function mistakesIn(value: unknown): string {
  try {
    parseConfig(value, "verify.config.json");
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    return (error as Error).message;
  }
  return "none";
}

async function load(files: Files) {
  const root = await makeDirectory();
  await writeFiles(root, files);
  return await loadConfig(root);
}

test("everything but the suites has a default", () => {
  expect(parseConfig(minimal, "verify.config.json")).toEqual({
    base: "main",
    suites: [
      {
        ...suite,
        root: ".",
        workers: "auto",
        parallel: "auto",
        source: [],
        database: true,
        results: [],
        coverage: [],
      },
    ],
    database: {
      name: "verify_test",
      variables: { DATABASE_URL: "postgresql", TEST_DATABASE_URL: "postgresql" },
      version: 17,
      isolation: "database",
      connections: 20,
      settings: {},
      extensions: [],
      inputs: [],
    },
    coverage: { lines: 95, suites: {}, ratchet: false, exclude: [] },
    checks: {},
    races: "fail",
    receipts: { push: false },
    timeout: "30m",
  });
});

test("variables may be a list of names, have schemes of their own, or hold parts of the address", () => {
  const variablesOf = (variables: unknown): unknown => {
    const { database } = parseConfig({ ...minimal, database: { variables } }, "x");
    return database === false ? null : database.variables;
  };
  expect(variablesOf(["A"])).toEqual({ A: "postgresql" });
  expect(variablesOf({ A: "postgresql+asyncpg" })).toEqual({ A: "postgresql+asyncpg" });
  expect(variablesOf({ DB_HOST: "host", DSN: "host={host}" })).toEqual({ DB_HOST: "host", DSN: "host={host}" });
});

test.each<[string, unknown, string]>([
  ["no suites", {}, '"suites" is missing: expected array.'],
  [
    "an empty list of suites",
    { suites: [] },
    '"suites": it is empty: name a suite, or let `npx verify init` find them.',
  ],
  ["a list instead of an object", [], "the configuration: expected object, received array."],
  ["a text instead of an object", "x", "the configuration: expected object, received string."],
  [
    "a suite without a command",
    { suites: [{ ...suite, command: undefined }] },
    '"suites.0.command" is missing: expected string.',
  ],
  [
    "a runner that is not known",
    { suites: [{ ...suite, runner: "ava" }] },
    '"suites.0.runner": expected one of "pytest"|"vitest"|"jest"|"mocha"|"node"|"command".',
  ],
  ["no workers", { suites: [{ ...suite, workers: 0 }] }, '"suites.0.workers": Too small: expected number to be >0.'],
  [
    "half a worker",
    { suites: [{ ...suite, workers: 1.5 }] },
    '"suites.0.workers": expected "auto", or expected int, received number, or expected a percentage of the cores, such as "150%".',
  ],
  [
    "workers in words",
    { suites: [{ ...suite, workers: "two" }] },
    '"suites.0.workers": expected "auto", or expected number, received string, or expected a percentage of the cores, such as "150%".',
  ],
  [
    "more workers than four for each core",
    { suites: [{ ...suite, workers: "401%" }] },
    '"suites.0.workers": expected from 1% to 400% of the cores.',
  ],
  [
    "a database that is true",
    { ...minimal, database: true },
    '"database": expected false, or expected object, received boolean.',
  ],
  [
    "a version in words",
    { ...minimal, database: { version: "17" } },
    '"database.version": expected number, received string.',
  ],
  [
    "variables that are a text",
    { ...minimal, database: { variables: "URL" } },
    '"database.variables": expected record, received string, or expected array, received string.',
  ],
  [
    "a variable that holds an unknown word",
    { ...minimal, database: { variables: { DB_HOST: "hots" } } },
    '"database.variables.DB_HOST": "hots" is neither a scheme such as "postgresql+asyncpg", nor a part of the address (host, port, user, password, name, url), nor a template such as "jdbc:postgresql://{host}:{port}/{name}".',
  ],
  [
    "more than all lines",
    { ...minimal, coverage: { lines: 101 } },
    '"coverage.lines": Too big: expected number to be <=100.',
  ],
  [
    "a timeout without a unit",
    { ...minimal, timeout: "30" },
    '"timeout": expected a duration such as "90s", "30m" or "2h".',
  ],
  [
    "a check that is no command",
    { ...minimal, checks: { lint: "" } },
    '"checks.lint": Too small: expected string to have >=1 characters.',
  ],
  [
    "a command without results",
    { suites: [{ ...suite, runner: "command" }] },
    '"suites.0.results": the runner "command" needs globs of the JUnit XML files that its command writes.',
  ],
  [
    "results of another runner",
    { suites: [{ ...suite, results: ["out/*.xml"] }] },
    '"suites.0.results": only for the runner "command"; pytest is told from outside where to write.',
  ],
  [
    "coverage of another runner",
    { suites: [{ ...suite, runner: "vitest", coverage: ["lcov.info"] }] },
    '"suites.0.coverage": only for the runner "command"; vitest is told from outside where to write.',
  ],
  ["two suites of one name", { suites: [suite, suite] }, 'two suites are called "backend": give each its own name.'],
])("of %s one sentence says what is wrong", (_what, value, sentence) => {
  expect(mistakesIn(value)).toBe(`verify.config.json: ${sentence}`);
});

test.each<[string, unknown, string]>([
  [
    "",
    { ...minimal, chekcs: {} },
    'unknown key "chekcs": did you mean "checks"? Known here: base, suites, database, coverage, checks, races, receipts, incremental, timeout.',
  ],
  ["a suite", { suites: [{ ...suite, comand: "x" }] }, 'unknown key "suites.0.comand": did you mean "command"?'],
  [
    "database",
    { ...minimal, database: { variable: [] } },
    'unknown key "database.variable": did you mean "variables"?',
  ],
  [
    "coverage",
    { ...minimal, coverage: { line: 95 } },
    'unknown key "coverage.line": did you mean "lines"? Known here: lines, branches, functions, changedLines, files, suites, ratchet, exclude.',
  ],
])("an unknown key of %s names the nearest known one", (_where, value, sentence) => {
  expect(mistakesIn(value)).toContain(`verify.config.json: ${sentence}`);
});

test("each of several mistakes has a line", () => {
  expect(mistakesIn({ suites: [{ ...suite, name: "" }], timeout: "soon", bse: "main" }).split("\n")).toHaveLength(3);
});

test("a mistake deep in the database is named there, not as the alternatives of the whole", () => {
  expect(mistakesIn({ ...minimal, database: { isolation: "none", setup: 3 } }).split("\n")).toEqual([
    'verify.config.json: "database.isolation": expected one of "database"|"server"|"file".',
    'verify.config.json: "database.setup": expected string, received number.',
  ]);
});

test.each<[string, Files]>([
  ["verify.config.json", { "verify.config.json": json }],
  ["verify.config.yaml", { "verify.config.yaml": "suites:\n  - { name: backend, runner: pytest, command: pytest }\n" }],
  ["verify.config.yml", { "verify.config.yml": "suites:\n- name: backend\n  runner: pytest\n  command: pytest\n" }],
  ["verify.config.js", { "verify.config.js": `export default ${json};\n`, "package.json": '{"type":"module"}' }],
  ["verify.config.mjs", { "verify.config.mjs": `export default ${json};\n` }],
  ["package.json", { "package.json": `{"name":"x","verify":${json}}` }],
])("%s is read", async (file, files) => {
  expect(await load(files)).toEqual({ config: parseConfig(minimal, file), file });
});

test("of two files the first counts", async () => {
  const other = JSON.stringify({ suites: [{ ...suite, name: "other" }] });
  const loaded = await load({ "verify.config.json": json, "package.json": `{"verify":${other}}` });
  expect(loaded).toMatchObject({ file: "verify.config.json", config: { suites: [{ name: "backend" }] } });
});

test("a package.json without our key is no configuration", async () => {
  expect(await load({ "package.json": '{"name":"x"}' })).toBeNull();
  expect(await load({})).toBeNull();
});

test("a configuration that is a link out of the checkout is refused", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "shared.json": json, "work/in/own.json": json });
  const path = join(directory, "work/verify.config.json");
  await symlink("../shared.json", path);
  await expect(loadConfig(join(directory, "work"))).rejects.toThrow(
    `verify.config.json leads out of the repository, to ${join(directory, "shared.json")}: what lies there is not part of the commit. Commit the file itself.`,
  );
  await rm(path);
  await symlink("in/own.json", path);
  expect(await loadConfig(join(directory, "work"))).not.toBeNull();
  await writeFiles(directory, { "work/..odd/own.json": json });
  await rm(path);
  await symlink("..odd/own.json", path);
  expect(await loadConfig(join(directory, "work"))).not.toBeNull();
});

test("a configuration above the root is not the root's", async () => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "verify.config.json": json, "work/a.txt": "" });
  expect(await loadConfig(join(directory, "work"))).toBeNull();
});

test.each<[string, Files, RegExp]>([
  ["broken JSON", { "verify.config.json": '{ "suites": [ }' }, /^verify\.config\.json cannot be read: .*JSON.*\.$/],
  ["a broken package.json", { "package.json": '{ "name": ' }, /^package\.json cannot be read: .*JSON.*\.$/],
  [
    "broken YAML",
    { "verify.config.yaml": "suites:\n - a: [\n" },
    /^verify\.config\.yaml cannot be read: .* at line \d+, column \d+\.$/,
  ],
  [
    "a script that throws",
    { "verify.config.mjs": "throw new Error('no luck: today')\n" },
    /^verify\.config\.mjs cannot be read: no luck: today\.$/,
  ],
  [
    "a script that is none",
    { "verify.config.mjs": "export default {\n" },
    /^verify\.config\.mjs cannot be read: .+\.$/,
  ],
  ["an empty file", { "verify.config.json": "\n" }, /^verify\.config\.json: "suites" is missing: expected array\.$/],
  ["YAML of comments alone", { "verify.config.yaml": "# later\n" }, /^verify\.config\.yaml: "suites" is missing/],
  [
    "a script without a default",
    { "verify.config.mjs": "export const suites = [];\n" },
    /^verify\.config\.mjs: "suites" is missing/,
  ],
])("of %s one sentence says which file and why", async (_what, files, sentence) => {
  await expect(load(files)).rejects.toThrow(RequestError);
  await expect(load(files)).rejects.toThrow(sentence);
});

test.each(["checks", "database.variables", "database.settings", "coverage.suites", "coverage.files", "suites.0"])(
  "the key __proto__, which would vanish from %s, is refused by its place",
  (section) => {
    const written = section
      .split(".")
      .reduceRight<string>(
        (inner, key) => (key === "0" ? `[${inner}]` : `{"${key}":${inner}}`),
        '{"__proto__":"exit 1"}',
      );
    expect(mistakesIn({ ...minimal, ...JSON.parse(written) })).toBe(
      `verify.config.json: "${section}.__proto__" is a name that JavaScript cannot keep: choose another.`,
    );
  },
);

test("checks that are called as what every object has are kept", () => {
  const checks = { constructor: "exit 1", toString: "exit 1", hasOwnProperty: "exit 1" };
  expect(Object.entries(parseConfig({ ...minimal, checks }, "x").checks)).toEqual(Object.entries(checks));
});

test.each<[string, string, RegExp]>([
  ["ends its process", "process.exit(0);", /ended its process \(exit code 0\) before it gave its configuration\.$/],
  [
    "ends its process a little later",
    "setTimeout(() => process.exit(0), 50);\nawait new Promise((resolve) => setTimeout(resolve, 60_000));",
    /ended its process \(exit code 0\) before it gave its configuration\.$/,
  ],
  ["waits for what never comes", "await new Promise(() => {});", /waits for something that never happens\.$/],
  ["kills its process", 'process.kill(process.pid, "SIGTERM");\nawait new Promise(() => {});', /ended by SIGTERM\.$/],
])("a script that %s gives no configuration", async (_what, body, sentence) => {
  const loading = load({ "verify.config.mjs": `${body}\nexport default ${json};\n` });
  await expect(loading).rejects.toThrow(RequestError);
  await expect(loading).rejects.toThrow(sentence);
});

test.each([
  ["() => ({})", "what it exports is a function"],
  ["{ suites: [{ name: () => 1 }] }", '"suites.0.name" is a function'],
  ["{ checks: { __proto__: { lint: 'exit 1' } } }", '"checks" is not a plain object'],
])("a script's value that a copy would not keep is refused: %s", async (value, why) => {
  const loading = load({ "verify.config.mjs": `export default ${value};\n` });
  await expect(loading).rejects.toThrow(new RequestError(`verify.config.mjs cannot be read: ${why}.`));
});

test("what a script changes in its process does not reach ours", async () => {
  const body = "process.exitCode = 0;\nArray.prototype.map = () => [];\nprocess.on('exit', () => process.exit(0));\n";
  const before = [Array.prototype.map, process.listenerCount("exit")];
  const loaded = await load({ "verify.config.mjs": `${body}export default ${json};\n` });
  expect(loaded?.config).toEqual(parseConfig(minimal, "x"));
  expect([Array.prototype.map, process.listenerCount("exit")]).toEqual(before);
});

test("a script that leaves something running is not waited for", async () => {
  const loaded = await load({
    "verify.config.mjs": `setInterval(() => {}, 1000);\nexport default Promise.resolve(${json});\n`,
  });
  expect(loaded?.file).toBe("verify.config.mjs");
});

test("a password beside a mistake in the JSON is not shown", async () => {
  const file = '{ "database": { "url": ["postgresql://ada:secret@host/", x] } }';
  const message = await load({ "verify.config.json": file }).catch((error: Error) => error.message);
  expect(message).toMatch(/^verify\.config\.json cannot be read: .*JSON.*\.$/);
  expect(message).not.toMatch(/secret|host/);
});

/** Has this Node say of itself that it loads TypeScript, or that it does not. */
function pretendTypeScript(value: string | false): void {
  const before = Object.getOwnPropertyDescriptor(process.features, "typescript");
  Object.defineProperty(process.features, "typescript", { value, configurable: true });
  onTestFinished(() => {
    if (before === undefined) Reflect.deleteProperty(process.features, "typescript");
    else Object.defineProperty(process.features, "typescript", before);
  });
}

test("TypeScript is left to a Node that says that it loads it", async () => {
  pretendTypeScript("strip");
  const loading = load({ "verify.config.ts": `export default ${json};\n` });
  // One that only says so has its own words for what it cannot do.
  const outcome = await loading.then(
    (loaded) => loaded?.file,
    (error: Error) => error.message,
  );
  expect(outcome).toMatch(/^verify\.config\.ts($| cannot be read: )/);
  expect(outcome).not.toContain("does not load TypeScript");
});

test("TypeScript that this Node cannot load says what to do", async () => {
  pretendTypeScript(false);
  const loading = load({ "verify.config.ts": `export default ${json};\n` });
  await expect(loading).rejects.toThrow(RequestError);
  await expect(loading).rejects.toThrow(
    /^verify\.config\.ts cannot be read: Node \S+ does not load TypeScript\. Use Node 22\.18 or later, or make it verify\.config\.js or verify\.config\.json\.$/,
  );
});

test("the digest is the same whatever the order of the keys, and whether a default is written out", () => {
  const one = parseConfig({ suites: [suite], database: { name: "a", version: 17 }, checks: { x: "1", y: "2" } }, "x");
  const two = parseConfig(
    { timeout: "30m", checks: { y: "2", x: "1" }, database: { version: 17, name: "a" }, suites: [suite] },
    "y",
  );
  expect(configDigest(one)).toBe(configDigest(two));
  expect(configDigest(one)).toMatch(/^[0-9a-f]{64}$/);
});

test("the digest does not depend on where the databases are", () => {
  const digestOf = (database: object): string => configDigest(parseConfig({ ...minimal, database }, "x"));
  expect(digestOf({ url: "postgresql://ada:secret@host/" })).toBe(digestOf({}));
});

test("the digest does not depend on what becomes of receipts, which changes nothing that is proven", () => {
  const digestOf = (receipts?: object): string => configDigest(parseConfig({ ...minimal, receipts }, "x"));
  expect(digestOf({ push: true })).toBe(digestOf());
});

test.each<[string, object]>([
  ["the gate", { coverage: { lines: 90 } }],
  ["a command", { suites: [{ ...suite, command: "pytest -x" }] }],
  ["a check", { checks: { lint: "true" } }],
  ["the database's setup", { database: { setup: "true" } }],
  ["no database", { database: false }],
  ["the order of the suites", { suites: [{ ...suite, name: "other" }, suite] }],
])("the digest is another for another configuration: %s", (_what, changed) => {
  expect(configDigest(parseConfig({ ...minimal, ...changed }, "x"))).not.toBe(configDigest(parseConfig(minimal, "x")));
});

test.each([
  ["verify.config.json", '{"checks":{"a":"exit 1"},"suites":[],"checks":{}}', '"checks"'],
  ["verify.config.json", '{"suites":[{"name":"a"},{"name":"{\\"","name":"b"}]}', '"suites.1.name"'],
  ["verify.config.json", '{"checks":{"a\\u0062":"exit 1","ab":"true"}}', '"checks.ab"'],
  ["package.json", '{"verify":{"checks":{"a":"exit 1"},"checks":{}}}', '"checks"'],
  ["package.json", '{"verify":{"checks":{"a":"exit 1"}},"verify":{}}', '"verify"'],
])("a key that %s has twice is refused, as one of both would vanish: %s", async (file, text, key) => {
  await expect(load({ [file]: text })).rejects.toThrow(
    `${file}: ${key} is there twice, and only the last one would count: keep one.`,
  );
});

test("what package.json has twice beside our section is npm's affair, and equal keys of several objects are no repetition", async () => {
  const twice = `{"name":"a","name":"b","verify":${JSON.stringify({ suites: [suite, { ...suite, name: "b" }] })}}`;
  expect((await load({ "package.json": twice }))?.config.suites).toHaveLength(2);
});

test("a byte order mark in front of the configuration is none of it", async () => {
  expect(await load({ "verify.config.json": `\uFEFF${json}` })).toMatchObject({ file: "verify.config.json" });
});

test("of many mistakes the first ten are told, and how many more there are", () => {
  const unknown = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`key${index}`, 1]));
  const lines = mistakesIn({ ...minimal, ...unknown }).split("\n");
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("verify.config.json: 59990 more mistakes of the kind.");
});

test("more workers than any machine runs are refused with the bound", () => {
  expect(mistakesIn({ suites: [{ ...suite, workers: 1_000_000_000 }] })).toContain(
    "expected at most 1000, as each is a process with a database of its own",
  );
});

/** What is said of a configuration file with these bytes, or of a program with this text. */
async function refusalOf(file: string, content: string | Buffer): Promise<string> {
  const root = await makeDirectory();
  await writeFile(join(root, file), content);
  return await loadConfig(root).then(
    () => "none",
    (error: Error) => {
      expect(error).toBeInstanceOf(RequestError);
      return error.message;
    },
  );
}

test.each([
  [
    "UTF-16",
    "verify.config.json",
    Buffer.from(`\uFEFF${json}`, "utf16le"),
    "is not UTF-8 text: save it in that encoding.",
  ],
  ["UTF-16, as YAML", "verify.config.yaml", Buffer.from(`\uFEFF${json}`, "utf16le"), "is not UTF-8 text"],
  ["Latin 1", "verify.config.json", Buffer.from(json.replace("backend", "é"), "latin1"), "is not UTF-8 text"],
  [
    "nested without end",
    "verify.config.json",
    `${"[".repeat(1e5)}${"]".repeat(1e5)}`,
    "nested more than 100 levels deep.",
  ],
  ["nested without end, as YAML", "verify.config.yaml", "[".repeat(20_000), "is nested too deep."],
  ["nested by dashes, as YAML", "verify.config.yaml", `${"- ".repeat(20_000)}a`, "is nested too deep."],
  ["two documents", "verify.config.yaml", "a: 1\n---\nb: 2\n", "holds several documents: keep one."],
  ["a proxy", "verify.config.mjs", `export default new Proxy(${json}, {});`, "what it exports is a proxy"],
  ["a proxy inside", "verify.config.mjs", `export default { suites: new Proxy([], {}) };`, '"suites" is a proxy'],
  ["a circle", "verify.config.mjs", "const a = {}; a.b = a; export default a;", '"b" leads back to itself.'],
  [
    "endless getters",
    "verify.config.mjs",
    "const f = () => ({ get a() { return f(); } }); export default f();",
    "without end.",
  ],
  [
    "a getter that throws",
    "verify.config.mjs",
    'export default { get suites() { throw new Error("not today"); } };',
    "not today.",
  ],
  ["what throws nothing", "verify.config.mjs", "throw undefined;", "it threw undefined."],
  [
    "what throws a trap",
    "verify.config.mjs",
    "throw { get message() { throw 1; } };",
    "it threw something without a message.",
  ],
])("a configuration is refused in a sentence: %s", async (_what, file, content, sentence) => {
  expect(await refusalOf(file, content)).toMatch(new RegExp(`^${file}.*${sentence.replace(/[.*]/g, "\\$&")}`));
});

test("a directory where the configuration is looked for is named", async () => {
  const root = await makeDirectory();
  await mkdir(join(root, "verify.config.json"));
  await expect(loadConfig(root)).rejects.toThrow(
    "verify.config.json is a directory, where the configuration is looked for: rename it.",
  );
});

test("a getter is a value like any other, and U+FFFD may be meant", async () => {
  const getter = await load({
    "verify.config.mjs": `export default { get suites() { return ${JSON.stringify([suite])}; } };`,
  });
  expect(getter?.config.suites[0]?.name).toBe("backend");
  const odd = await load({ "verify.config.json": json.replace("backend", "\uFFFD") });
  expect(odd?.config.suites[0]?.name).toBe("\uFFFD");
});
