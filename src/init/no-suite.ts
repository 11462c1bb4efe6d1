import { posix } from "node:path";
import type { ProjectFiles } from "../project/project-files.ts";
import { RequestError } from "../shared/errors.ts";
import { type ScriptLine, scriptLines } from "./detect/script-lines.ts";

const database = `"database": { "name": "app_test", "variables": ["DATABASE_URL"] }`;

/** The error for a project in which no suite was found: what was looked for, and what to write by hand. */
export function noSuite(root: string, project: ProjectFiles): RequestError {
  const line = scriptLines(project, ".").find(isTest);
  const known = `{ "name": "backend", "root": ".", "runner": "pytest", "command": "pytest", "source": ["src"] }`;
  const suite = line === undefined ? known : commandSuite(line);
  return new RequestError(
    [
      `No suite was found in ${root}, so nothing was written. Looked at all files that git does not ignore for`,
      "  pytest: test_*.py and *_test.py with tests in them, conftest.py, python_files in pyproject.toml, pytest.ini, tox.ini or setup.cfg",
      "  vitest: vitest in a package.json or vitest.config.*, with *.test.* or *.spec.* files beside or below it",
      "  jest, mocha, node:test: a test script that runs one of them, its configuration, or its dependency, with test files below",
      "  moon: tasks in moon.yml that run any of these",
      line === undefined
        ? "If there is one, write verify.config.json by hand, such as"
        : `"${line.name}" of ${line.file} runs \`${line.command}\`, which starts none of these. The runner "command" runs anything that writes its results as JUnit XML and its coverage as LCOV: where it does, write verify.config.json by hand, with the files that it writes in place of these`,
      ...["{", `  "suites": [${suite}],`, `  ${database}`, "}"].map((text) => `  ${text}`),
      "and run `verify init` again.",
    ].join("\n"),
  );
}

/** Whether a line is what a project calls its tests; what npm writes into a new package.json is none. */
function isTest({ name, command }: ScriptLine): boolean {
  return /^(test|tests|check)$/.test(name) && !/^\s*$|^(echo|exit)\b/.test(command);
}

function commandSuite({ file, name, command }: ScriptLine): string {
  const own = posix.basename(file);
  const call = own === "package.json" ? (name === "test" ? "npm test" : `npm run ${name}`) : command;
  const called = /makefile$/i.test(own) ? `make ${name}` : call;
  return `{ "name": "app", "runner": "command", "command": ${JSON.stringify(called)}, "results": ["reports/*.xml"], "coverage": ["coverage/lcov.info"] }`;
}
