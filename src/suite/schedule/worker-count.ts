import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/** Where the system describes a process's limits; tests use another directory. */
export interface SystemPlace {
  readonly cgroups: string;
  readonly proc: string;
}

const system: SystemPlace = { cgroups: "/sys/fs/cgroup", proc: "/proc" };

/**
 * The assumed memory per worker, in bytes: a pytest process with SQLAlchemy and a service's modules uses 150 to 250 MB,
 * a vitest fork about the same, plus its server backends.
 */
const bytesPerWorker = 300e6;

/** How many workers can run, and what limits them where it is not the number of cores. */
export interface UsableWorkers {
  readonly count: number;
  /** A phrase such as "the container's quota of 1.5 cores"; null where all cores can be used. */
  readonly limit: string | null;
}

/**
 * How many workers `percent` of the usable cores are: affinity and control group quotas (rounded up: with a quota of 1.5, two workers wait
 * less than half of the time). At least one, and no more than free memory allows.
 */
export function usableWorkers({
  cores = availableParallelism(),
  place = system,
  percent = 100,
}: {
  readonly cores?: number;
  readonly place?: SystemPlace;
  readonly percent?: number;
} = {}): UsableWorkers {
  const groups = controlGroups(place);
  const quota = Math.min(...groups.map(cpuQuota), Number.POSITIVE_INFINITY);
  const memory = Math.min(...groups.map(freeMemory), availableMemory(place));
  const byQuota = Math.max(1, Math.ceil(quota));
  const byMemory = Math.max(1, Math.floor(memory / bytesPerWorker));
  const wanted = Math.max(1, Math.round((percent / 100) * Math.min(cores, byQuota)));
  if (byMemory < wanted) return { count: byMemory, limit: `${(memory / 1e9).toFixed(1)} GB of memory are free` };
  return { count: wanted, limit: byQuota < cores ? `a quota of ${Number(quota.toFixed(2))} cores` : null };
}

/**
 * The absolute directories of this process's control groups and their parents: version 2, and version 1 for cpu and
 * memory.
 */
function controlGroups({ cgroups, proc }: SystemPlace): string[] {
  const lines = read(join(proc, "self", "cgroup"))?.split("\n") ?? [];
  return lines.flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === "") return [];
    if (controllers === "") return upwards(cgroups, path);
    return controllers
      .split(",")
      .flatMap((name) => (/^(cpu|memory)$/.test(name) ? upwards(join(cgroups, name), path) : []));
  });
}

function upwards(mount: string, path: string): string[] {
  const directories = [join(mount, path)];
  for (let current = path; current !== "/" && current !== "."; ) {
    current = dirname(current);
    directories.push(join(mount, current));
  }
  return directories;
}

/** In cores; infinite where there is none. */
function cpuQuota(group: string): number {
  const [quota, period] = (read(join(group, "cpu.max")) ?? "").trim().split(" ").map(Number);
  if (quota && period) return quota / period;
  const old = Number(read(join(group, "cpu.cfs_quota_us")) ?? -1);
  const oldPeriod = Number(read(join(group, "cpu.cfs_period_us")) ?? 0);
  return old > 0 && oldPeriod > 0 ? old / oldPeriod : Number.POSITIVE_INFINITY;
}

/** In bytes; infinite where there is no limit. Cached files count as free. */
function freeMemory(group: string): number {
  const limit = Number(read(join(group, "memory.max")) ?? read(join(group, "memory.limit_in_bytes")) ?? Number.NaN);
  const used = Number(read(join(group, "memory.current")) ?? read(join(group, "memory.usage_in_bytes")) ?? Number.NaN);
  if (!Number.isFinite(limit) || !Number.isFinite(used)) return Number.POSITIVE_INFINITY;
  const cached = Number(
    /^(?:inactive_file|total_inactive_file) (\d+)/m.exec(read(join(group, "memory.stat")) ?? "")?.[1] ?? 0,
  );
  return Math.max(0, limit - used + cached);
}

/** In bytes; infinite where the system does not say. */
function availableMemory({ proc }: SystemPlace): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(read(join(proc, "meminfo")) ?? "")?.[1];
  return kilobytes === undefined ? Number.POSITIVE_INFINITY : Number(kilobytes) * 1024;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
