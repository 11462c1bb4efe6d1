import { spawnSync } from "node:child_process";

/** What starting a program costs: processor time of it and of all that it starts, in milliseconds. */
export function processorTime(
  [program, ...words]: readonly [string, ...string[]],
  directory: string,
  { input = "", environment = process.env }: { input?: string; environment?: NodeJS.ProcessEnv } = {},
): number {
  const script = JSON.stringify({ command: [program, ...words], path: environment.PATH });
  const asked = { cwd: directory, encoding: "utf8", input, env: environment } as const;
  const { status, stdout, stderr } = spawnSync("python3", ["-c", measure, script], asked);
  if (status !== 0) throw new Error(`${[program, ...words].join(" ")} failed: ${stderr}`);
  return Number(stdout);
}

/**
 * Node cannot tell what its children took, Python can. Where it is behind a version manager, that has changed PATH and has
 * had children before.
 */
const measure = `
import json, os, resource, subprocess, sys
asked = json.loads(sys.argv[1])
environment = {**os.environ, "PATH": asked["path"]}
def used():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (children.ru_utime + children.ru_stime) * 1000
before = used()
ended = subprocess.run(asked["command"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
if ended.returncode != 0: sys.exit(ended.stderr.decode())
print(used() - before)`;

/** Lets each take its turn so often, so that a busy moment hits all of them, and gives the costs by name. */
export function takeTurns(rounds: number, all: Readonly<Record<string, () => number>>): Record<string, number[]> {
  const costs = Object.fromEntries(Object.keys(all).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, once] of Object.entries(all)) costs[name]?.push(once());
  }
  return costs;
}
