import type { RunnerName } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import { command } from "./command.ts";
import { jest } from "./jest.ts";
import { mocha } from "./mocha.ts";
import { node } from "./node.ts";
import { pytest } from "./pytest.ts";
import type { Runner } from "./runner.ts";
import { vitest } from "./vitest.ts";

const runners: Readonly<Record<RunnerName, Runner>> = { command, jest, mocha, node, pytest, vitest };

/** The adapter of the runner that a suite names. */
export function runnerOf(suite: SuiteConfig): Runner {
  return runners[suite.runner];
}
