import { RequestError } from "../shared/errors.ts";

const example = `{
  "suites": [{ "name": "backend", "root": ".", "runner": "pytest", "command": "pytest", "source": ["src"] }],
  "database": { "name": "app_test", "variables": ["DATABASE_URL"] }
}`;

/** The error for a project in which no suite was found: what was looked for, and what to write by hand. */
export function noSuite(root: string): RequestError {
  return new RequestError(
    [
      `No suite was found in ${root}, so nothing was written. Looked at all files that git does not ignore for`,
      "  pytest: test_*.py and *_test.py with tests in them, conftest.py, python_files in pyproject.toml, pytest.ini, tox.ini or setup.cfg",
      "  vitest: vitest in a package.json or vitest.config.*, with *.test.* or *.spec.* files beside or below it",
      "  jest, mocha, node:test: a test script that runs one of them, its configuration, or its dependency, with test files below",
      "  moon: tasks in moon.yml that run any of these",
      "If there is one, write verify.config.json by hand, such as",
      ...example.split("\n").map((line) => `  ${line}`),
      "and run `verify init` again.",
    ].join("\n"),
  );
}
