import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJunit } from "../../../src/suite/results/junit.ts";
import { makeDirectory } from "../../support/repository.ts";

async function readAll(xml: string | Buffer) {
  const path = join(await makeDirectory(), "junit.xml");
  await writeFile(path, xml);
  return await readJunit(path);
}

async function read(xml: string | Buffer) {
  return (await readAll(xml)).cases;
}

test("a test has its names, file, duration and properties", async () => {
  const [test] = await read(
    `<testsuites><testsuite><testcase classname="tests.test_a.TestB" name="test_c[&lt;x&gt;]" file="tests/test_a.py" time="0.25"><properties><property name="verify_worker" value="gw1"/></properties></testcase></testsuite></testsuites>`,
  );
  expect(test).toMatchObject({
    classname: "tests.test_a.TestB",
    name: "test_c[<x>]",
    file: "tests/test_a.py",
    seconds: 0.25,
    outcome: "passed",
  });
  expect(test?.properties.get("verify_worker")).toBe("gw1");
});

test.each([
  ["failure", "failed"],
  ["error", "error"],
  ["skipped", "skipped"],
])("<%s> is the outcome %s, with its message and text", async (element, outcome) => {
  const [test] = await read(
    `<testsuite><testcase name="t"><${element} message="m"><![CDATA[a < b]]></${element}></testcase></testsuite>`,
  );
  expect(test).toMatchObject({ outcome, message: "m", details: "a < b" });
});

test("a failure is not undone by a skip of the same test", async () => {
  const [test] = await read('<testsuite><testcase name="t"><failure message="m"/><skipped/></testcase></testsuite>');
  expect(test).toMatchObject({ outcome: "failed", message: "m" });
});

test("what a test printed is not taken for its failure", async () => {
  const [test] = await read(
    '<testsuite><testcase name="t"><failure message="m">why</failure><system-out>noise</system-out></testcase></testsuite>',
  );
  expect(test?.details).toBe("why");
});

test.each(['status="notrun" result="suppressed"', 'status="disabled"', 'result="skipped"'])(
  "a test with %s was skipped",
  async (attributes) => {
    expect(await read(`<testsuite tests="1"><testcase name="t" ${attributes}/></testsuite>`)).toMatchObject([
      { outcome: "skipped" },
    ]);
  },
);

test("elements are known by their names without the prefix of a namespace", async () => {
  const text = '<j:testsuite xmlns:j="urn:j"><j:testcase name="a"><j:failure message="no"/></j:testcase></j:testsuite>';
  expect(await read(text)).toMatchObject([{ name: "a", outcome: "failed", message: "no" }]);
});

test("a test that is called failed and holds its failure is one failure", async () => {
  const xml = '<testsuite failures="1"><testcase name="t" status="fail"><failure message="m"/></testcase></testsuite>';
  expect(await readAll(xml)).toMatchObject({ cases: [{ outcome: "failed" }], contradictions: [] });
});

test("a file that was cut off is an error, not fewer tests", async () => {
  await expect(read('<testsuite><testcase name="t"/><testcase name=')).rejects.toThrow();
});

test("a file that is missing is an error", async () => {
  await expect(readJunit("/nowhere/junit.xml")).rejects.toThrow("ENOENT");
});

test.each<[string, string, string]>([
  [
    "more failures and errors than tests that did not pass",
    '<testsuite name="sums" tests="1" failures="2" errors="1"><testcase name="a"/></testsuite>',
    'the test suite "sums" counts 2 failures and 1 error, but lists none',
  ],
  [
    "more failures than it lists",
    '<testsuite failures="2"><testcase name="a"><failure/></testcase></testsuite>',
    "a test suite counts 2 failures, but lists only 1",
  ],
  [
    "more tests than it lists",
    '<testsuite tests="5"><testcase name="a"/><testcase name="b"/><testcase name="c"/></testsuite>',
    "a test suite counts 5 tests, but lists only 3",
  ],
  ["tests without a test", '<testsuite tests="5"/>', "a test suite counts 5 tests, but lists none"],
  [
    "an error of a suite itself, by its message",
    '<testsuite name="sums" errors="1"><error message="boom">at setup</error><testcase name="a"/></testsuite>',
    'the test suite "sums" has an error outside of any test: boom',
  ],
  [
    "a failure of a suite itself, by its text",
    "<testsuites><testsuite><failure>\nboom\nat setup</failure><testcase name='a'/></testsuite></testsuites>",
    "a test suite has a failure outside of any test: boom",
  ],
  [
    "an error of all suites",
    '<testsuites><error message="boom"/><testsuite><testcase name="a"/></testsuite></testsuites>',
    "a test suite has an error outside of any test: boom",
  ],
  [
    "what a suite below contradicts once",
    '<testsuites failures="1"><testsuite failures="1"><testcase name="a"/></testsuite></testsuites>',
    "a test suite counts 1 failure, but lists none",
  ],
  [
    "what all suites claim together",
    '<testsuites failures="1"><testsuite><testcase name="a"/></testsuite></testsuites>',
    "a test suite counts 1 failure, but lists none",
  ],
  [
    "a test whose outcome is a failure",
    '<testsuite><testcase name="a" outcome="failed"/></testsuite>',
    'the test "a" is called failed, but holds no failure',
  ],
  [
    "a test without success",
    '<testsuite><testcase name="a" success="false"/></testsuite>',
    'the test "a" is called failed, but holds no failure',
  ],
  [
    "a test that is called failed",
    '<testsuite><testcase name="a" status="failed"/></testsuite>',
    'the test "a" is called failed, but holds no failure',
  ],
])("%s contradicts itself", async (_what, xml, phrase) => {
  expect((await readAll(xml)).contradictions).toEqual([phrase]);
});

test.each<[string, string]>([
  ["no counts at all", '<testsuite><testcase name="a"/></testsuite>'],
  [
    "counts of less than is listed",
    '<testsuite tests="1" failures="0"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>',
  ],
  [
    "sums in nested suites (PHPUnit)",
    '<testsuites><testsuite tests="3" errors="0" failures="0"><testsuite tests="1"><testcase name="a"/></testsuite><testsuite tests="2"><testcase name="b"/><testcase name="c"/></testsuite></testsuite></testsuites>',
  ],
  [
    "a failure that is an error to the count",
    '<testsuite tests="1" failures="0" errors="1"><testcase name="a"><failure/></testcase></testsuite>',
  ],
  [
    "flaky tests that Surefire ran again",
    '<testsuite tests="2" failures="1" flakes="1"><testcase name="a"><flakyFailure message="m"/></testcase><testcase name="b"/></testsuite>',
  ],
  [
    "failures that Surefire ran again",
    '<testsuite tests="1" failures="1"><testcase name="a"><failure/><rerunFailure/><rerunFailure/></testcase></testsuite>',
  ],
  [
    "skipped and disabled tests that are not listed",
    '<testsuite tests="4" skipped="2" disabled="1"><testcase name="a"/></testsuite>',
  ],
  [
    "an error in its setup and another in its teardown (pytest)",
    '<testsuites name="pytest tests"><testsuite name="pytest" errors="2" tests="2"><testcase name="a"><error/><error/></testcase></testsuite></testsuites>',
  ],
  [
    "subtests that pytest counts",
    '<testsuites name="pytest tests"><testsuite name="backend" tests="4"><testcase name="a"/></testsuite></testsuites>',
  ],
  [
    "assertions that Catch2 counts",
    '<testsuites><testsuite name="sums" errors="0" failures="0" tests="120" hostname="tbd"><testcase name="a"/></testsuite></testsuites>',
  ],
  [
    "assertions that doctest counts",
    '<testsuites><testsuite name="sums" errors="0" failures="0" tests="12"><testcase classname="a.cpp" name="a" status="run"/></testsuite></testsuites>',
  ],
  [
    "warnings that Qt Test counts as errors",
    '<testsuite errors="3" failures="0" tests="1" name="sums"><properties><property value="5.15.2" name="QTestVersion"/></properties><testcase name="a" result="pass"/></testsuite>',
  ],
  [
    "what a suite prints",
    '<testsuite tests="1"><system-out>2 errors</system-out><testcase name="a"/><system-err>failure</system-err></testsuite>',
  ],
  ["counts that are no numbers", '<testsuite tests="many" failures=""><testcase name="a"/></testsuite>'],
])("%s is no contradiction", async (_what, xml) => {
  expect((await readAll(xml)).contradictions).toEqual([]);
});

test.each<[string, string | Buffer, string]>([
  ["empty", "", "the file is empty"],
  ["without an element", "\n\n", "it holds no element"],
  ["a page", "<html><body><p>Not found</p></body></html>", "its root is <html>, so it is no JUnit XML"],
  ["other results", '<coverage line-rate="1"/>', "its root is <coverage>"],
  [
    "a test within a test",
    '<testsuite>\n<testcase name="a"><testcase name="b"/></testcase></testsuite>',
    "line 2 has a <testcase> within a <testcase>",
  ],
  [
    "in an encoding that nobody knows",
    '<?xml version="1.0" encoding="klingon"?><testsuite/>',
    'the file declares the encoding "klingon"',
  ],
  [
    "in another encoding than it says",
    Buffer.from('<testsuite><testcase name="caf\xe9"/></testsuite>', "latin1"),
    "the file holds bytes that are not valid in its encoding, utf-8",
  ],
])("a file that is %s is an error, not fewer tests", async (_what, xml, sentence) => {
  await expect(readAll(xml)).rejects.toThrow(sentence);
});

const declared = (encoding: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>\n<testsuite><testcase name="café"/></testsuite>`;

test.each<[string, Buffer]>([
  ["ISO-8859-1", Buffer.from(declared("ISO-8859-1"), "latin1")],
  ["windows-1252", Buffer.from(declared("windows-1252"), "latin1")],
  ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${declared("UTF-8")}`)],
  ["UTF-16, little end first", Buffer.from(`\ufeff${declared("UTF-16")}`, "utf16le")],
  ["UTF-16, big end first", Buffer.from(`\ufeff${declared("UTF-16")}`, "utf16le").swap16()],
  ["UTF-16 without a mark", Buffer.from(declared("UTF-16"), "utf16le")],
  ["UTF-8 that calls itself UTF-16", Buffer.from(declared("utf-16"))],
])("%s is read", async (_what, xml) => {
  expect(await read(xml)).toMatchObject([{ name: "café", outcome: "passed" }]);
});

test("a letter of several bytes at the edge of what is read at once stays whole", async () => {
  const name = "é".repeat(200_000);
  expect((await read(`<testsuite> <testcase name="${name}"/></testsuite>`))[0]?.name).toBe(name);
});
