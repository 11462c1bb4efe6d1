import { expect, it } from "vitest";
import { runnerFacts, runnerNames } from "../../src/config/runner-facts.ts";

it.each(runnerNames)("what is added to %s is of its language, and what nothing is added to may be of any", (name) => {
  const { language, isAdapted } = runnerFacts[name];
  expect(language !== null).toBe(isAdapted);
});
