import { expect, it } from "vitest";
import { noSuite } from "../../src/init/no-suite.ts";
import { projectOf } from "./project.ts";

const messageOf = (files: Readonly<Record<string, string>>): string => noSuite("/somewhere", projectOf(files)).message;

it.each([
  ["package.json", '{ "scripts": { "test": "node spec/run.js" } }', "node spec/run.js", "npm test"],
  ["Makefile", "test:\n\tperl run-all.pl\n", "perl run-all.pl", "make test"],
  ["tox.ini", "[testenv:test]\ncommands = python runtests.py\n", "python runtests.py", "python runtests.py"],
])("where the tests of %s start no runner that is known, the example is about them", (file, text, runs, command) => {
  const message = messageOf({ [file]: text });
  expect(message).toContain(`"test" of ${file} runs \`${runs}\`, which starts none of these.`);
  expect(message).toContain(`"runner": "command", "command": "${command}", "results":`);
  expect(message).not.toContain('"runner": "pytest"');
});

it("what npm writes into a new package.json is no test", () => {
  const text = '{ "scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" } }';
  expect(messageOf({ "package.json": text })).toContain('"runner": "pytest"');
});
