import { expect, it, test } from "vitest";
import { parsePolicy } from "../../../src/trust/policy/parse.ts";

const least = { repository: "3".repeat(40), allowedSigners: "trust/signers" };
const parse = (value: unknown): unknown => parsePolicy(JSON.stringify(value), "policy");

test("the strict choice is the default", () => {
  expect(parse(least)).toEqual({
    ...least,
    maximumAge: "7d",
    suites: [],
    freshPaths: [],
    incremental: false,
    versions: [],
    configuration: ["base"],
  });
});

it.each([
  ["no repository", { allowedSigners: "x" }, 'policy: "repository" is missing: expected string.'],
  ["no signers", { repository: least.repository }, 'policy: "allowedSigners" is missing: expected string.'],
  [
    "a repository's address",
    { ...least, repository: "github.com/team/shop" },
    '"repository": expected the full id of the first commit',
  ],
  [
    "signers outside of the commit",
    { ...least, allowedSigners: "../signers" },
    '"allowedSigners": expected a path in the same commit',
  ],
  [
    "signers of the machine",
    { ...least, allowedSigners: "/etc/signers" },
    '"allowedSigners": expected a path in the same commit',
  ],
  [
    "an unknown key",
    { ...least, maxAge: "7d" },
    'unknown key "maxAge": did you mean "maximumAge"? Known here: repository, ',
  ],
  ["an age without a unit", { ...least, maximumAge: "7" }, '"maximumAge": expected a duration such as "12h" or "7d"'],
  ["no configuration at all", { ...least, configuration: [] }, '"configuration": '],
  ["a configuration that is no digest", { ...least, configuration: ["any"] }, '"configuration.0": '],
  ["a list", [], "policy: the policy: expected object"],
  ["nothing", null, "policy: the policy: expected object"],
])("a policy with %s is refused", (_what, value, message) => {
  expect(() => parse(value)).toThrow(message);
});

it.each([
  ["that is no JSON", "{", "policy is not JSON: "],
  ["with comments", '{ "repository": 1 } // all', "policy is not JSON: "],
  ["with a key twice", '{ "incremental": false, "incremental": true }', 'policy: "incremental" is there twice'],
  ["with __proto__", '{ "__proto__": {} }', '"__proto__" is a name that JavaScript cannot keep'],
  ["that is empty", "", "policy is not JSON: "],
])("a policy %s is refused", (_what, text, message) => {
  expect(() => parsePolicy(text, "policy")).toThrow(message);
});
