import { expect, test, vi } from "vitest";
import { leasedEnvironment, workerEnvironment } from "../../src/suite/runners/adapters/worker-environment.mjs";

const preload = "file:///adapters/vitest/preload.mjs";
const environments = {
  gw0: { DATABASE_URL: "postgresql://h/base_gw0", VERIFY_WORKER: "gw0" },
  gw1: { DATABASE_URL: "postgresql://h/base_gw1", VERIFY_WORKER: "gw1" },
};

function begin(outer: NodeJS.ProcessEnv = {}) {
  const onRun = vi.fn();
  return { onRun, environment: workerEnvironment({ ...outer }, { environments, preload, onRun }) };
}

test("the environment becomes the worker's own when the pool names it", () => {
  const { environment } = begin({ DATABASE_URL: "postgresql://h/base_coordinator" });
  environment.VITEST_POOL_ID = "2";
  expect(environment.DATABASE_URL).toBe("postgresql://h/base_gw1");
  expect(environment.VERIFY_WORKER).toBe("gw1");
});

test("what a test starts finds neither the other workers' databases nor the preload", () => {
  const { environment } = begin({
    VERIFY_WORKER_ENVIRONMENTS: "{}",
    NODE_OPTIONS: `--max-old-space-size=99 --import ${preload}`,
  });
  environment.VITEST_POOL_ID = "1";
  expect(environment.VERIFY_WORKER_ENVIRONMENTS).toBeUndefined();
  expect(environment.NODE_OPTIONS).toBe("--max-old-space-size=99");
});

test("NODE_OPTIONS that held only the preload are gone", () => {
  const { environment } = begin({ NODE_OPTIONS: `--import ${preload}` });
  environment.VITEST_POOL_ID = "1";
  expect("NODE_OPTIONS" in environment).toBe(false);
});

test("a worker for which there is no database is refused", () => {
  const { environment } = begin();
  expect(() => {
    environment.VITEST_POOL_ID = "3";
  }).toThrow("pushproof prepared no database for worker gw2");
});

test("each run of a worker is told, and none before it has a name", () => {
  const { environment, onRun } = begin();
  environment.VITEST_WORKER_ID = "7";
  expect(onRun).not.toHaveBeenCalled();
  environment.VITEST_POOL_ID = "1";
  environment.VITEST_WORKER_ID = "8";
  expect(onRun.mock.calls).toEqual([["gw0"]]);
});

test("other variables are set, defined and deleted as before", () => {
  const { environment } = begin();
  environment.PLAIN = "1";
  Object.defineProperty(environment, "DEFINED", { value: "2", writable: true, enumerable: true, configurable: true });
  delete environment.PLAIN;
  expect({ ...environment }).toEqual({ DEFINED: "2" });
});

const lease = { worker: "gw3", environment: { DATABASE_URL: "postgresql://h/base_gw3", VERIFY_WORKER: "gw3" } };

function beginLeased(outer: NodeJS.ProcessEnv = {}) {
  const onRun = vi.fn();
  return { onRun, environment: leasedEnvironment({ ...outer }, { lease, preload, onRun }) };
}

test("a leased database is in the environment from the beginning, and the office is not", () => {
  const { environment } = beginLeased({
    VERIFY_LEASES: "/run/leases",
    NODE_OPTIONS: `--import ${preload}`,
    PLAIN: "1",
  });
  expect({ ...environment }).toEqual({ ...lease.environment, PLAIN: "1" });
});

test("the file that runs on a lease is told under the lease's name, though the pool gives another", () => {
  const { environment, onRun } = beginLeased();
  environment.VITEST_POOL_ID = "1";
  environment.VITEST_WORKER_ID = "8";
  expect(onRun.mock.calls).toEqual([["gw3"]]);
  expect(environment.DATABASE_URL).toBe("postgresql://h/base_gw3");
});

test("a second file on one lease is refused, the same one told twice is not", () => {
  const { environment } = beginLeased();
  environment.VITEST_WORKER_ID = "8";
  environment.VITEST_WORKER_ID = "8";
  expect(() => {
    environment.VITEST_WORKER_ID = "9";
  }).toThrow("a database for one test file, and vitest runs a second one in it");
});
