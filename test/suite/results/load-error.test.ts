import { expect, test } from "vitest";
import { loadError } from "../../../src/suite/results/load-error.ts";

const root = "/home/ada/shop";

test("what jest says of every file that it cannot load is not the error", () => {
  const said = `  ● Test suite failed to run

    Cannot find module './missing.js' from 'test/a.test.js'

    > 1 | require("./missing.js");
        | ^

      at Resolver._throwModNotFoundError (node_modules/jest-resolve/build/index.js:863:11)
      at Object.require (test/a.test.js:1:1)
`;
  expect(loadError(said, root)).toBe(
    `Cannot find module './missing.js' from 'test/a.test.js'\n> 1 | require("./missing.js");\n    | ^`,
  );
});

test("of a file that jest cannot read the error's own words come before the place", () => {
  const said = `  ● Test suite failed to run

    Jest encountered an unexpected token

    Jest failed to parse a file. This happens e.g. when your code or its dependencies use non-standard JavaScript syntax.

    Details:

    /home/ada/shop/test/a.test.js:1
    const x = ;
              ^

    SyntaxError: Unexpected token ';'

      at Runtime.createScriptFromCode (node_modules/jest-runtime/build/index.js:1318:40)
`;
  expect(loadError(said, root)).toBe(
    "SyntaxError: Unexpected token ';'\n/home/ada/shop/test/a.test.js:1\nconst x = ;\n          ^",
  );
});

test("what node prints around an error, and what the file printed before, is left out", () => {
  const printed = `(node:12) ExperimentalWarning: this may change
node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module './missing.js'
Require stack:
- /home/ada/shop/test/a.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)
    at Object.<anonymous> (/home/ada/shop/node_modules/other/index.js:1:1)
    at Object.<anonymous> (/home/ada/shop/test/a.js:1:1) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/home/ada/shop/test/a.js' ]
}

Node.js v20.20.2
`;
  expect(loadError(printed, root)).toBe(
    "Error: Cannot find module './missing.js'\n    at Object.<anonymous> (/home/ada/shop/test/a.js:1:1)",
  );
});

test.each(["Cannot find module './missing.js' imported from /home/ada/shop/a.js", "ModuleNotFoundError: no", ""])(
  "what says no more than the error stays as it is: %s",
  (said) => {
    expect(loadError(said, root)).toBe(said);
  },
);
