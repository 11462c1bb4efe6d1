import type { Environment } from "../shared/world.ts";

/**
 * What git exports to hooks (`git rev-parse --local-env-vars`, and the numbered configuration). Inherited by a suite
 * that runs git itself, these have corrupted real repositories.
 */
const gitVariables = new Set([
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_CONFIG",
  "GIT_CONFIG_COUNT",
  "GIT_CONFIG_PARAMETERS",
  "GIT_DIR",
  "GIT_GRAFT_FILE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
]);

/**
 * What a test runner that called us exports to its workers. A suite of ours that inherits it takes itself for a part
 * of the outer run: with NODE_TEST_CONTEXT a failing node:test suite exits 0.
 */
const runnerVariables =
  /^(VITEST(_.*)?|JEST_WORKER_ID|MOCHA_WORKER_ID|NODE_TEST_CONTEXT|NODE_TEST_WORKER_ID|NODE_V8_COVERAGE|PYTEST_XDIST_.*|PYTEST_CURRENT_TEST|PYTEST_ADDOPTS|PYTEST_PLUGINS|COVERAGE_RCFILE|PYTEST_VERSION|COV_CORE_.*|COVERAGE_FILE|COVERAGE_PROCESS_START)$/;

/**
 * What the program itself sets for suites and workers, so that a verification inside a verification starts afresh. By
 * name: a suite may well have a VERIFY_TOKEN of its own.
 */
const ownVariables =
  /^VERIFY_(WORKER|WORKERS|WORKER_ENVIRONMENTS|ORIGINAL_.*|LEASES|PROGRESS|JUNIT|LCOV|COVERAGE_SOURCE|SOURCE_FILES|IS_SHARE|CHECKOUT|OTHER_CHECKOUTS|SELECTION|DURATIONS|COLLECTED|JEST|MOCHA|RESULTS|ENDS|NARROWING|VERDICT_TO)$/;

/** The environment without what the caller's own git or test runner put there. */
export function scrubEnvironment(environment: Environment): Environment {
  const kept = Object.entries(environment).filter(
    ([name]) =>
      !gitVariables.has(name) &&
      !/^GIT_CONFIG_(KEY|VALUE)_\d+$/.test(name) &&
      !runnerVariables.test(name) &&
      !ownVariables.test(name),
  );
  return Object.fromEntries(kept);
}

/**
 * What npm and npx tell the program they run: a second npm would take it as its own options, and a suite would behave
 * otherwise than in a plain shell. The user's own settings, such as npm_config_registry, are kept.
 */
const npmRunVariables =
  /^(npm_(lifecycle_.*|package_.*|command|execpath|node_execpath|config_(local_prefix|package|call|yes|workspaces?|global|globalconfig|prefix|global_prefix|npm_version|user_agent|node_gyp|init_module))|INIT_CWD)$/;

/** The environment without what an npm or npx that started us has put there. */
export function withoutNpmRun(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !npmRunVariables.test(name)));
}

/** The environment without what says how the program was called: npm's part, and our own input, which holds a password. */
export function withoutCaller(environment: Environment): Environment {
  const { VERIFY_DATABASE_URL: _url, ...rest } = withoutNpmRun(environment);
  return rest;
}
