import { expect, it } from "vitest";
import { maskSecrets } from "../../../src/trust/attestation/masking.ts";

const mask = maskSecrets([], {});

it.each([
  ["psql postgresql://ada:p@ss@host/db", "psql postgresql://ada:***@host/db"],
  ["pip install git+https://ghp_abc@github.com/x", "pip install git+https://***@github.com/x"],
  ["curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer ***' x"],
  ['curl -H "X-Api-Key: abc" x', 'curl -H "X-Api-Key: ***" x'],
  ["curl -u ada:abc x", "curl -u ada:*** x"],
  ["NPM_AUTH=abc x --auth abc", "NPM_AUTH=*** x --auth ***"],
])("the secret in %s is masked", (command, masked) => {
  expect(mask(command)).toBe(masked);
});

it.each(["pytest tests/test_password.py --author ada", "git clone ssh://git@github.com/x"])(
  "%s has no secret",
  (command) => {
    expect(mask(command)).toBe(command);
  },
);
