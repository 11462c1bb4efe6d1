import { readFile, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { tinyConfig, tinyFiles, tinySuite } from "../support/tiny-suite.ts";
import {
  configFile,
  endsWith,
  makePytestRepository,
  push,
  readSummary,
  runIn,
  useHook,
  userEnvironment,
} from "../support/verify.ts";

const passing =
  '<testsuites><testsuite><testcase classname="sums" name="adds" file="test/sums.js" time="0.5"/></testsuite></testsuites>';

/** A repository whose suite is a command that passes, and writes that LCOV text, %ROOT% being where it runs. */
function makeCommandRepository(lcov: string, more: { suite?: object; coverage?: object } = {}): Promise<Repository> {
  return makeRepository({
    ".gitignore": "out/\n",
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "lib/other.js": "export const one = 1;\n",
    "passing.xml": passing,
    "covered.info": lcov,
    "verify.config.json": configFile({
      suites: [
        {
          ...{ name: "sums", runner: "command", results: ["out/*.xml"], coverage: ["out/*.info"] },
          command: 'mkdir -p out; cp passing.xml out/; sed "s|%ROOT%|$PWD|" covered.info > out/covered.info',
          ...more.suite,
        },
      ],
      database: false,
      ...(more.coverage === undefined ? {} : { coverage: more.coverage }),
    }),
  });
}

const record = (file: string): string => `SF:${file}\nDA:1,1\nend_of_record\n`;
const covered = record("src/sums.js");

/** Runs a verification that must not pass, and gives its reasons as one text; there is no receipt then. */
async function reasonsOf({ root, git }: Repository, words: readonly string[] = []): Promise<string> {
  const { code } = await runIn(root, words);
  const summary = await readSummary(root);
  expect(summary.receipt).toBeNull();
  expect(code).not.toBe(0);
  expect(summary.verdict).not.toBe("verified");
  await git("status");
  return summary.reasons.join("\n");
}

test("what the command writes is verified: the repository of these tests is sound", async () => {
  const { root } = await makeCommandRepository(covered, { suite: { source: ["src"] } });
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).receipt).not.toBeNull();
});

describe("full coverage is not believed", () => {
  test("of paths outside of the verified tree", async () => {
    expect(await reasonsOf(await makeCommandRepository(record("/elsewhere/src/sums.js")))).toContain(
      "The coverage data names no source file",
    );
  });

  test("of source files that are not there", async () => {
    const repository = await makeCommandRepository(covered + record("%ROOT%/src/gone.js"));
    expect(await reasonsOf(repository)).toContain(
      "The coverage data speaks of 1 file that is not there (src/gone.js): it comes from another tree",
    );
  });

  test("of a source file that the suite removed", async () => {
    const command = "mkdir -p out; cp passing.xml covered.info out/; rm src/sums.js";
    const repository = await makeCommandRepository(covered, { suite: { command } });
    expect(await reasonsOf(repository)).toContain("The checkout changed while it was verified (src/sums.js)");
  });

  test("of data that is older than the run", async () => {
    const repository = await makeCommandRepository(covered, { suite: { command: "cp passing.xml out/new.xml" } });
    await repository.write({ "out/old.info": covered });
    expect(await reasonsOf(repository)).toContain("sums wrote no coverage that match out/*.info");
  });

  test("of a source that is configured and yields nothing", async () => {
    const repository = await makeCommandRepository(covered, { suite: { source: ["src", "lib"] } });
    expect(await reasonsOf(repository)).toContain('The source "lib" of sums (lib) yields nothing');
  });

  test("of what is left when the configuration excludes the source", async () => {
    const suite = { source: ["src", "lib"] };
    const repository = await makeCommandRepository(covered + record("lib/other.js"), {
      suite,
      coverage: { exclude: ["lib/**"] },
    });
    expect(await reasonsOf(repository)).toContain(
      'The source "lib" of sums (lib) yields nothing: `coverage.exclude` leaves nothing of it.',
    );
  });

  test("of nothing at all when the configuration excludes everything", async () => {
    const repository = await makeCommandRepository(covered, { coverage: { exclude: ["**"] } });
    expect(await reasonsOf(repository)).toContain("`coverage.exclude` leaves out every measured file (1)");
  });
});

describe("pytest", () => {
  const open: Files = {
    "verify.config.json": configFile({
      suites: [{ name: "backend", runner: "pytest", command: "pytest", workers: 1 }],
      database: false,
    }),
  };

  test("whose own configuration leaves the whole source out measures nothing but tests, and is not verified", async () => {
    const repository = await makePytestRepository({ ...open, ".coveragerc": "[run]\nsource = .\nomit = src/*\n" });
    expect(await reasonsOf(repository)).toContain("Nothing but tests is measured by backend");
  });

  test("whose own configuration leaves a named source out is not verified", async () => {
    const repository = await makePytestRepository({ ".coveragerc": "[run]\nomit = src/*\n" });
    expect(await reasonsOf(repository)).toContain("There is no coverage data from backend");
  });

  const jobs: Files = {
    "src/jobs/nightly.py":
      "def run():\n    return 1\n\n\ndef debug():  # pragma: no cover\n    return 2\n\n\ndef show():\n    raise NotImplementedError\n",
    "src/jobs/generated/table.py": "A = 1\n",
    "src/jobs/test_nightly.py": "def test_nothing():\n    assert True\n",
    ".coveragerc": "[run]\nomit = src/jobs/generated/*\n[report]\nexclude_also = raise NotImplementedError\n",
  };

  test.each([1, 2])(
    "counts what nobody imports and no package holds, as coverage.py would, with %i workers",
    async (workers) => {
      const suite = { name: "backend", runner: "pytest", command: "pytest tests", source: ["src"], workers };
      const repository = await makePytestRepository(jobs, { suites: [suite] });
      expect(await reasonsOf(repository)).toContain("Most missed: src/jobs/nightly.py (3 of 3).");
      expect((await readSummary(repository.root)).coverage?.files).toEqual([
        { file: "src/jobs/nightly.py", covered: 0, total: 3 },
        { file: "src/sums.py", covered: 2, total: 2 },
      ]);
    },
  );

  test("counts it too where the source is coverage.py's own", async () => {
    const coverage = { ".coveragerc": "[run]\nsource = src\n" };
    expect(await reasonsOf(await makePytestRepository({ ...open, ...jobs, ...coverage }))).toContain(
      "src/jobs/nightly.py (4 of 4)",
    );
  });

  test("counts only what is loaded or beside it where coverage.py's own source is everything", async () => {
    const repository = await makePytestRepository({
      ...open,
      ...jobs,
      "docs/conf.py": "project = 'sums'\n",
      ".coveragerc": "[run]\nsource = .\n",
    });
    expect(await reasonsOf(repository)).toContain("src/jobs/nightly.py (4 of 4)");
    const { coverage } = await readSummary(repository.root);
    expect(coverage?.files.map(({ file }) => file)).not.toContain("docs/conf.py");
  });

  test("with a file of the source that cannot be parsed, and that nobody imports, is not verified", async () => {
    const repository = await makePytestRepository({ "src/jobs/old.py": "print 'of Python 2'\n" });
    expect(await reasonsOf(repository)).toContain(
      "The coverage of backend lacks 1 file of its source (src/jobs/old.py): the runner counted no line of it.",
    );
  });

  test("that collects no test is not verified, whatever an earlier run covered", async () => {
    const repository = await makePytestRepository();
    await endsWith(0, runIn(repository.root, []));
    await repository.write({ "tests/test_sums.py": "from sums import add\n" });
    await repository.commit("No tests any more");
    expect(await reasonsOf(repository)).toContain("backend collected no tests");
  });

  test("without coverage data is not verified", async () => {
    const suites = [{ name: "backend", runner: "pytest", command: "pytest --no-cov", source: ["src"], workers: 1 }];
    const repository = await makePytestRepository({}, { suites });
    expect(await reasonsOf(repository)).toContain("There is no coverage data from backend");
  });
});

test.each([
  ["a suite", ["--suite", "one"]],
  ["a part of the gate", ["--coverage", "1"]],
  ["tests, by an argument", ["--", "-k", "adds"]],
  ["what is committed", ["--working-tree"]],
])("a run that leaves out %s passes without a receipt", async (_what, words) => {
  const one = tinyFiles({ suites: [{ ...tinySuite, name: "one" }] });
  const two = tinyFiles({ suites: ["one", "two"].map((name) => ({ ...tinySuite, name })) });
  const { root } = await makeRepository(words[0] === "--suite" ? two : one);
  await endsWith(0, runIn(root, words));
  expect((await readSummary(root)).receipt).toBeNull();
});

test("tests that lie outside of the checkout, behind a committed link, are no tests of the commit", async () => {
  const repository = await makePytestRepository({ "tests/test_sums.py": null, "tests/conftest.py": null });
  await repository.write({
    "../elsewhere/conftest.py": `import sys\nsys.path.insert(0, "${repository.root}/src")\n`,
    "../elsewhere/test_sums.py": "from sums import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n",
  });
  await symlink("../elsewhere", join(repository.root, "tests"));
  await repository.commit("Link");
  expect(await reasonsOf(repository)).toMatch(
    /The suite ran code from outside the verified files \(\/.*\/elsewhere\/test_sums\.py\), .* or what a link leads to/,
  );
});

const pushed = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2 };

test.each<[string, Files, string]>([
  [
    "a configuration that ends its process with code 0",
    { "verify.config.json": null, "verify.config.mjs": "process.exit(0);\nexport default {};\n" },
    "verify.config.mjs cannot be read: it ended its process (exit code 0) before it gave its configuration.",
  ],
  [
    "a check that an object would lose",
    { "verify.config.json": `{"suites":[${JSON.stringify(pushed)}],"database":false,"checks":{"__proto__":"exit 1"}}` },
    'verify.config.json: "checks.__proto__" is a name that JavaScript cannot keep: choose another.',
  ],
  [
    "a root that a link leads out of the repository",
    { "verify.config.json": configFile({ suites: [{ ...pushed, root: "out" }], database: false }) },
    'The root "out" of suite "backend" leads out of the repository, to ',
  ],
])("%s stops the push, with its reason first", async (_what, files, sentence) => {
  const repository = await makePytestRepository(files);
  await repository.write({ "../elsewhere/tests/test_a.py": "def test_a():\n    assert True\n" });
  await symlink("../elsewhere", join(repository.root, "out"));
  await repository.commit("Link");
  await useHook(repository);
  const { exitCode, output } = await push(repository);
  expect(exitCode).not.toBe(0);
  const [first, second] = output.split("\n");
  expect(first?.startsWith("✔ Checkout") ? second : first).toContain(sentence);
  expect(output).toContain("Push stopped; nothing was sent.");
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

describe("a configuration that is not part of the commit", () => {
  const name = "verify.config.json";
  const stricter = tinyConfig({ checks: { never: "false" } })[name] ?? "";

  /** Verifies, makes the configuration stricter where it lies, and pushes the same tree. */
  async function pushAfterwards(repository: Repository, place: string): Promise<void> {
    await repository.commit("The configuration lies elsewhere");
    await endsWith(0, runIn(repository.root, []));
    await useHook(repository);
    await repository.write({ [place]: stricter });
    const { exitCode, output } = await push(repository);
    expect(output).toContain('The check "never" failed');
    expect(exitCode).toBe(1);
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  }

  test("because git ignores it is asked anew at each push", async () => {
    const repository = await makeRepository(tinyFiles());
    await repository.git("rm", "--quiet", "--cached", name);
    await repository.write({ ".git/info/exclude": `${name}\n` });
    await pushAfterwards(repository, name);
  });

  test("because it is a link to what git ignores is asked anew at each push", async () => {
    const repository = await makeRepository(tinyFiles());
    await repository.git("mv", name, "ours.json");
    await repository.git("rm", "--quiet", "--cached", "ours.json");
    await repository.write({ ".git/info/exclude": "ours.json\n" });
    await symlink("ours.json", join(repository.root, name));
    await pushAfterwards(repository, "ours.json");
  });
});

test("a configuration that git ignores does not stand before the one that is committed", async () => {
  const suites = [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2 }];
  const repository = await makePytestRepository({
    ".gitignore": "__pycache__/\nverify.config.json\n",
    "verify.config.json": null,
    "verify.config.yaml": configFile({ suites, database: false, checks: { no: "exit 1" } }),
  });
  await repository.write({ "verify.config.json": configFile({ suites, database: false }) });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(2);
  expect(errors).toMatch(
    /^verify\.config\.json is not part of \w+ and takes precedence over verify\.config\.yaml, which is: remove it, or commit it instead\.$/m,
  );
});

describe("the ratchet", () => {
  const ratchet = { coverage: { lines: 10, ratchet: true } };
  /** Two more lines, of which one is covered. */
  const uncovered: Files = {
    "src/sums.js":
      "export const add = (left, right) => left + right;\nconst rest = 1;\nexport const take = () => rest;\n// End\n",
    "covered.info": "SF:src/sums.js\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\n",
  };

  test("stops a fall below what is recorded of the base branch, and names both figures", async () => {
    const repository = await makeCommandRepository(covered, ratchet);
    await endsWith(0, runIn(repository.root, []));
    await repository.git("checkout", "--quiet", "-b", "feature");
    await repository.write(uncovered);
    const before = await repository.git("rev-parse", "--short=7", "HEAD");
    await repository.commit("Take, without a test");
    expect(await reasonsOf(repository)).toBe(
      `Coverage fell from 100 % (1 of 1 line), recorded for ${before} of the base branch, to 66.66 % (2 of 3 lines): ` +
        "cover 1 more line to pass. Not covered of what changed: src/sums.js:3. Most missed: src/sums.js (1 of 3).",
    );
  });

  test("has nothing to hold where no figure of the base is recorded, and says how to record one", async () => {
    const repository = await makeCommandRepository(covered, ratchet);
    await repository.git("checkout", "--quiet", "-b", "feature");
    await repository.write(uncovered);
    await repository.commit("Take, without a test");
    const { code, output } = await runIn(repository.root, []);
    expect(code).toBe(0);
    expect(output).toContain("`npx verify main` records one");
  });
});

test("each suite is held to its own gate, and a gate of a suite that is not there is refused", async () => {
  const repository = await makePytestRepository({}, { coverage: { lines: 0, suites: { backend: 100 } } });
  await repository.write({ "src/more.py": "import os\n\n\ndef more():\n    return os.name\n" });
  await repository.commit("More");
  await repository.write({
    "tests/test_sums.py":
      "import more\nfrom sums import add\n\n\ndef test_adds():\n    assert more and add(1, 2) == 3\n",
  });
  await repository.commit("Load it");
  expect(await reasonsOf(repository)).toContain(
    "80 % of the lines of backend are covered (4 of 5), their gate is 100 %",
  );

  const unknown = await makePytestRepository({}, { coverage: { suites: { backnd: 100 } } });
  const { code, errors } = await runIn(unknown.root, []);
  expect(code).toBe(2);
  expect(errors).toContain('"coverage.suites" names "backnd", which is no suite: did you mean "backend"?');
});

test("what Python compiled from a source is not run after that has changed at the same length and time", async () => {
  const { root, write, commit } = await makePytestRepository();
  const source = join(root, "src/sums.py");
  const environment = await userEnvironment({ PYTHONDONTWRITEBYTECODE: undefined });
  await utimes(source, 1_000_000_000, 1_000_000_000);
  await endsWith(0, runIn(root, [], { environment }));
  await write({ "src/sums.py": (await readFile(source, "utf8")).replace("left + right", "left - right") });
  await utimes(source, 1_000_000_000, 1_000_000_000);
  await commit("Subtract");
  const { output } = await endsWith(1, runIn(root, [], { environment }));
  expect(output).toContain("in place");
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "test_adds" }]);
});
