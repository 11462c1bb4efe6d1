import { expect, test } from "vitest";
import { keepingNodeOptions } from "../../src/shared/shell.ts";

test.each([
  ["jest", "jest"],
  ["NODE_OPTIONS=--experimental-vm-modules jest", 'NODE_OPTIONS="--experimental-vm-modules $NODE_OPTIONS" jest'],
  ["cross-env NODE_OPTIONS='--a --b' jest", 'cross-env NODE_OPTIONS="--a --b $NODE_OPTIONS" jest'],
  ['A=1 NODE_OPTIONS="--a $MORE" mocha', 'A=1 NODE_OPTIONS="--a $MORE $NODE_OPTIONS" mocha'],
  ["NODE_OPTIONS='$x' jest", 'NODE_OPTIONS="\\$x $NODE_OPTIONS" jest'],
  ["MY_NODE_OPTIONS=--a jest", "MY_NODE_OPTIONS=--a jest"],
])("%s becomes %s", (command, kept) => expect(keepingNodeOptions(command)).toBe(kept));
