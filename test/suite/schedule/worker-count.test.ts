import { join } from "node:path";
import { expect, test } from "vitest";
import { usableWorkers } from "../../../src/suite/schedule/worker-count.ts";
import { type Files, makeDirectory, writeFiles } from "../../support/repository.ts";

/** How many workers a system with these files lets a process with so many cores use. */
async function workersOn(cores: number, files: Files, percent?: number) {
  const root = await makeDirectory();
  await writeFiles(root, files);
  return usableWorkers({
    cores,
    place: { cgroups: join(root, "cgroup"), proc: join(root, "proc") },
    ...(percent && { percent }),
  });
}

const inContainer = { "proc/self/cgroup": "0::/jobs/one\n" };

test("without any limit all cores are used", async () => {
  expect(await workersOn(8, {})).toEqual({ count: 8, limit: null });
  expect(await workersOn(8, { ...inContainer, "cgroup/jobs/one/cpu.max": "max 100000\n" })).toEqual({
    count: 8,
    limit: null,
  });
});

test.each<[string, Files]>([
  ["its own group", { "cgroup/jobs/one/cpu.max": "150000 100000\n" }],
  ["a group above", { "cgroup/jobs/cpu.max": "150000 100000\n", "cgroup/jobs/one/cpu.max": "max 100000\n" }],
])("a quota of %s counts, rounded up", async (_where, files) => {
  expect(await workersOn(8, { ...inContainer, ...files })).toEqual({ count: 2, limit: "a quota of 1.5 cores" });
});

test("a quota of control groups' first version counts", async () => {
  const files = {
    "proc/self/cgroup": "4:cpu,cpuacct:/jobs\n1:name=systemd:/\n",
    "cgroup/cpu/jobs/cpu.cfs_quota_us": "300000\n",
    "cgroup/cpu/jobs/cpu.cfs_period_us": "100000\n",
  };
  expect(await workersOn(8, files)).toEqual({ count: 3, limit: "a quota of 3 cores" });
});

test("a quota beyond the cores limits nothing", async () => {
  expect(await workersOn(2, { ...inContainer, "cgroup/jobs/one/cpu.max": "800000 100000\n" })).toEqual({
    count: 2,
    limit: null,
  });
});

test("a percentage is of the cores that a quota leaves, rounded, and at least one", async () => {
  const quota = { ...inContainer, "cgroup/jobs/one/cpu.max": "300000 100000\n" };
  const counts = await Promise.all([150, 100, 50, 1].map((percent) => workersOn(8, quota, percent)));
  expect(counts.map(({ count }) => count)).toEqual([5, 3, 2, 1]);
});

test("a percentage above 100 starts no more workers than memory is free for", async () => {
  const meminfo = { "proc/meminfo": "MemAvailable:   1000000 kB\n" };
  expect(await workersOn(2, meminfo, 200)).toEqual({ count: 3, limit: "1.0 GB of memory are free" });
});

test("memory that is free limits the workers, what only caches files counted as free", async () => {
  const files = {
    ...inContainer,
    "cgroup/jobs/one/memory.max": "2000000000\n",
    "cgroup/jobs/one/memory.current": "1500000000\n",
    "cgroup/jobs/one/memory.stat": "anon 1\ninactive_file 400000000\n",
  };
  expect(await workersOn(8, files)).toEqual({ count: 3, limit: "0.9 GB of memory are free" });
});

test("where the whole system is short of memory there is still one worker", async () => {
  expect((await workersOn(8, { "proc/meminfo": "MemTotal: 1 kB\nMemAvailable:   1000 kB\n" })).count).toBe(1);
});
