import type { Environment } from "../shared/world.ts";

/**
 * Variables that git sets for hooks (`git rev-parse --local-env-vars`, and numbered configuration). In suites that run
 * git themselves, these have corrupted real repositories.
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
 * Variables that a test runner sets for its workers. Our suites would take themselves for part of that run: with
 * NODE_TEST_CONTEXT a failing node:test suite exits 0. With PYTHONOPTIMIZE Python skips what it is to assert.
 */
const runnerVariables =
  /^(VITEST(_.*)?|JEST_WORKER_ID|MOCHA_WORKER_ID|NODE_TEST_CONTEXT|NODE_TEST_WORKER_ID|NODE_V8_COVERAGE|PYTEST_XDIST_.*|PYTEST_CURRENT_TEST|PYTEST_ADDOPTS|PYTEST_PLUGINS|COVERAGE_RCFILE|PYTEST_VERSION|PYTHONOPTIMIZE|COV_CORE_.*|COVERAGE_FILE|COVERAGE_PROCESS_START)$/;

/**
 * Our own variables for suites and workers, removed so that a nested verification starts afresh. Listed by name, as a
 * suite may have a VERIFY_TOKEN of its own.
 */
const ownVariables =
  /^VERIFY_(WORKER|WORKERS|WORKER_ENVIRONMENTS|ORIGINAL_.*|LEASES|PROGRESS|JUNIT|LCOV|COVERAGE_SOURCE|SOURCE_FILES|IS_SHARE|CHECKOUT|OTHER_CHECKOUTS|SELECTION|DURATIONS|COLLECTED|JEST|MOCHA|RESULTS|ENDS|NARROWING|TRACE|REUSED|VERDICT_TO|RECEIPTS_TO)$/;

/** Options by which node:test runs a part of the tests: a caller's own choice, which is no part of what is verified. */
const narrowingOptions =
  /(^|\s)--test-(?:only|(?:name-pattern|skip-pattern|shard|rerun-failures)[=\s]+(?:"(?:\\.|[^"\\])*"|\S+))(?=\s|$)/g;

/** The environment without variables of the caller's git or test runner, and without what narrows a run of node:test. */
export function scrubEnvironment(environment: Environment): Environment {
  const kept = Object.entries(environment).filter(
    ([name]) =>
      !gitVariables.has(name) &&
      !/^GIT_CONFIG_(KEY|VALUE)_\d+$/.test(name) &&
      !runnerVariables.test(name) &&
      !ownVariables.test(name),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [name, name === "NODE_OPTIONS" ? value?.replace(narrowingOptions, "") : value]),
  );
}

/**
 * Variables that npm and npx set for the programs they run, which would change a nested npm or a suite. User settings
 * such as npm_config_registry are kept.
 */
const npmRunVariables =
  /^(npm_(lifecycle_.*|package_.*|command|execpath|node_execpath|config_(local_prefix|package|call|yes|workspaces?|global|globalconfig|prefix|global_prefix|npm_version|user_agent|node_gyp|init_module))|INIT_CWD)$/;

/** The environment without variables that a calling npm or npx set. */
export function withoutNpmRun(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !npmRunVariables.test(name)));
}

/** The environment without traces of the call: npm's variables, and our own options, which may contain a password. */
export function withoutCaller(environment: Environment): Environment {
  const { VERIFY_DATABASE_URL: _url, ...rest } = withoutNpmRun(environment);
  return rest;
}

/** A directory as an item of a list of git's, such as GIT_ALTERNATE_OBJECT_DIRECTORIES: bare, a colon in it divides it. */
export function asListed(directory: string): string {
  return `"${directory.replace(/["\\]/g, "\\$&")}"`;
}
