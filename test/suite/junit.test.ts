import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJunit } from "../../src/suite/junit.ts";
import { makeDirectory } from "../support/repository.ts";

async function read(xml: string) {
  const path = join(await makeDirectory(), "junit.xml");
  await writeFile(path, xml);
  return await readJunit(path);
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

test("a file that was cut off is an error, not fewer tests", async () => {
  await expect(read('<testsuite><testcase name="t"/><testcase name=')).rejects.toThrow();
});

test("a file that is missing is an error", async () => {
  await expect(readJunit("/nowhere/junit.xml")).rejects.toThrow("ENOENT");
});
