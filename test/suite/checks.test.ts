import { expect, test } from "vitest";
import { makePytestRepository, readSummary, runIn } from "../support/verify.ts";

test("a check whose task runner is not there is told as that, and stops the run before the suites", async () => {
  const { root } = await makePytestRepository({}, { checks: { lint: "rye run lint" } });
  const { code, errors } = await runIn(root, []);
  expect(errors).toContain(
    'The check "lint": rye is not installed, which `rye run lint` needs. Install it with: pipx install rye',
  );
  expect(code).toBe(3);
  expect((await readSummary(root)).verdict).toBe("error");
});
