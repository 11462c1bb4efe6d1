import { expect, test } from "vitest";
import { makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makePytestRepository, readSummary, runIn } from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

/** One test that passes the second time, and one that never does. */
const body = (options: string): string => `let tries = 0;
test("comes round", ${options}() => { tries += 1; if (tries < 2) throw new Error("not yet"); });
test("never does", ${options}() => { throw new Error("never"); });
`;
/** One worker, as nothing that fails is run again alone then. */
const one = { workers: 1 };
const sums = 'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\nadd(1, 2);\n';

test.each([
  ["vitest", () => makeVitestRepository({ "test/sums.test.js": `${sums}${body("{ retry: 2 }, ")}` }, one)],
  [
    "vitest with threads",
    () =>
      makeVitestRepository(
        { "test/sums.test.js": `${sums}${body("")}` },
        { ...one, command: "vitest run --pool threads --retry 1" },
      ),
  ],
  ["jest", () => makeJestRepository({ "test/a.test.js": `jest.retryTimes(2);\n${body("")}` })],
  [
    "mocha",
    () =>
      makeMochaRepository(
        { "test/a.test.js": `const { it: test } = require("mocha");\n${body("")}` },
        { command: "mocha --retries 2" },
      ),
  ],
  [
    "mocha, parallel",
    () =>
      makeMochaRepository(
        { "test/a.test.js": `const { it: test } = require("mocha");\n${body("")}` },
        { command: "mocha --parallel --retries 2", workers: 2 },
      ),
  ],
])("%s: a test that passed when it was run again is flaky, one that never did failed", async (_runner, make) => {
  const { root } = await make();
  const { errors, output } = await runIn(root, []);
  const { suites, reasons } = await readSummary(root);
  const [suite] = suites;
  expect(output).not.toMatch(/^✘ .*comes round/m);
  expect(output).toMatch(/^✘ .*never does/m);
  expect(suite?.tests).toMatchObject({ flaky: 1, failed: 1 });
  expect(reasons.join("\n")).not.toContain("its results say");
  expect(suite?.flaky).toMatchObject([{ name: "comes round" }]);
  expect(`${output}${errors}`).toMatch(
    /1 test of \w+ failed, and passed when the runner ran them again: test\/\w+\.test\.js › comes round/,
  );
});

/** As pytest-rerunfailures does it. */
const reruns = `import pytest
from _pytest.runner import runtestprotocol


@pytest.hookimpl(trylast=False)
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, True):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            if last or not report.failed:
                item.ihook.pytest_runtest_logreport(report=report)
                continue
            report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
            item._initrequest()
            break
        else:
            break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
`;

test.each(["auto", "processes"])(
  "pytest with reruns, in parallel by %s: what passed in the end is flaky",
  async (parallel) => {
    const tests = `from sums import add

tries = []


def test_comes_round():
    tries.append(add(1, 2))
    assert len(tries) > 1


def test_never_does():
    assert False
`;
    const suites = [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2, parallel }];
    const files = { "conftest.py": reruns, "tests/test_a.py": tests };
    const { root } = await makePytestRepository(files, { suites });
    await runIn(root, []);
    const [suite] = (await readSummary(root)).suites;
    expect(suite?.tests).toMatchObject({ flaky: 1, failed: 1, total: 3 });
    expect(suite?.flaky).toEqual([{ file: "tests/test_a.py", name: "test_comes_round" }]);
  },
);
