import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { describeKill, findVictim, type Kill, strike } from "./kills.ts";
import { findLeftovers } from "./leftovers.ts";
import { listProcesses, marked } from "./processes.ts";
import type { Scene } from "./scene.ts";
import { changesOf, isOurs, takeState } from "./state.ts";

/** What is run: everything, everything on an external server, the suite without a database, or a push. */
export type Mode = "everything" | "external" | "plain" | "push";
/** What is run after a killed run; a receipt's answer runs nothing. */
export type Next = Mode | "receipt";

/** One run that is killed, and the next, which cleans up. */
export interface Round {
  readonly mode: Mode;
  readonly kill: Kill;
  /** When it is killed, as a fraction of the time that the run takes. */
  readonly moment: number;
  /** How long a person waits between two signals, in milliseconds. */
  readonly pause: number;
  readonly next: Next;
}

/** A scene whose unharmed runs are known. */
export interface Calibrated extends Scene {
  /** How long each takes, in milliseconds. */
  readonly takes: Readonly<Record<Mode, number>>;
  /** A copy of the receipts of an unharmed run. */
  readonly receipts: string;
  /** The external server's URL. */
  readonly databaseUrl: string;
}

/** What came of a round. */
export interface Result {
  /** Whether the victim was there to be killed before the run ended. */
  readonly wasKilled: boolean;
  /** What is wrong, a line each. */
  readonly findings: readonly string[];
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const longestMilliseconds = 90_000;

/** Runs everything once in a scene, unharmed. Throws where that is not verified. */
export async function calibrate(scene: Scene, databaseUrl: string, receipts: string): Promise<Calibrated> {
  const takes: Partial<Record<Mode, number>> = {};
  // The first makes what later runs find in the cache, and takes longer: a push runs everything, too.
  for (const mode of ["everything", "plain", "external", "push"] as const) {
    await reset(scene);
    const started = performance.now();
    const { code, output } = await start(scene, mode, databaseUrl).ended;
    if (code !== 0) throw new Error(`An unharmed run (${mode}) ended with ${code}:\n${output}`);
    takes[mode] = performance.now() - started;
  }
  cpSync(join(scene.repository.root, ".git/verify"), receipts, { recursive: true });
  const all = { ...takes, everything: takes.push } as Record<Mode, number>;
  return { ...scene, takes: all, receipts, databaseUrl };
}

/** Plays a round. */
export async function playRound(scene: Calibrated, round: Round): Promise<Result> {
  const { root } = scene.repository;
  const findings: string[] = [];
  await reset(scene);
  const before = stateOf(root);
  const running = start(scene, round.mode, scene.databaseUrl);
  const programs = new Set<number>();
  await Promise.race([sleep(round.moment * scene.takes[round.mode]), running.ended]);
  const victim = await waitForVictim(round.kill, running, (pid) => programs.add(pid), scene);
  if (victim === null) {
    await running.ended;
    return { wasKilled: false, findings };
  }
  await strike(round.kill, victim, round.pause);
  const ended = await inTime(running.ended);
  if (ended === null) {
    findings.push("the run did not end");
    process.kill(-running.pid, "SIGKILL");
  }
  if (!(await endedByItself(scene))) findings.push("the program went on for too long");

  findings.push(...changesOf(before, stateOf(root)).map((change) => `after the kill: ${change}`));
  findings.push(...(await wrongVerdicts(scene, round, ended)));
  const isPolite = round.kill.signal !== "SIGKILL" && (round.kill.times ?? 1) === 1;
  if (isPolite && ["program", "group"].includes(round.kill.victim)) {
    const left = await leftAfterAll(scene, programs);
    findings.push(...left.map((one) => `left although the program could clean up: ${one}`));
  }

  rmSync(scene.passed, { force: true });
  if (round.next === "receipt") cpSync(scene.receipts, join(root, ".git/verify"), { recursive: true });
  else forgetReceipts(root);
  if (round.next === "push") await resetRemote(scene);
  const next = start(scene, round.next, scene.databaseUrl);
  const after = await inTime(next.ended);
  if (after?.code !== 0) findings.push(`the next run ended with ${after?.code}:\n${after?.output}`);
  const databases = round.next === "external" ? scene.databaseUrl : undefined;
  const left = await leftAfterAll(scene, programs, databases);
  findings.push(...left.map((one) => `left after the next run: ${one}`));
  findings.push(...changesOf(before, stateOf(root)).map((change) => `after the next run: ${change}`));
  return { wasKilled: true, findings };
}

/** What is left once all that was killed last, or waits for what was, had time to end. */
async function leftAfterAll(scene: Scene, programs: ReadonlySet<number>, databases?: string): Promise<string[]> {
  let left = await findLeftovers(scene, programs, databases);
  for (let tries = 0; left.length > 0 && tries < 20; tries++) {
    await sleep(50);
    left = await findLeftovers(scene, programs, databases);
  }
  return left;
}

/** "push, killed at 37 %: the group, SIGINT ×3; then a receipt's answer". */
export function describeRound({ mode, kill, moment, pause, next }: Round, { isDirty }: Scene): string {
  const where = isDirty ? "in a worktree" : "in place";
  const pauses = (kill.times ?? 1) > 1 ? `, ${pause} ms apart` : "";
  return `${mode} ${where}, at ${Math.round(moment * 100)} %: ${describeKill(kill)}${pauses}; then ${next}`;
}

/** All files but those that runs write, and what a push that succeeds changes, which is looked at by itself. */
function stateOf(root: string): ReadonlyMap<string, string> {
  return takeState(root, (path) => isOurs(path) || /^\.git\/(logs\/)?refs\/remotes\/origin\/main$/.test(path));
}

interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  hasEnded(): boolean;
}

function start({ repository, environment }: Scene, mode: Next, databaseUrl: string): Running {
  const program = [process.execPath, join(packageRoot, "dist", "main.js")];
  const commands: Readonly<Record<Next, readonly string[]>> = {
    everything: [...program, "--fresh"],
    external: [...program, "--fresh"],
    plain: [...program, "--fresh", "--suite", "plain"],
    push: ["git", "push", "origin", "main"],
    receipt: program,
  };
  const more: Environment = mode === "external" ? { VERIFY_DATABASE_URL: databaseUrl } : {};
  const [command = "", ...words] = commands[mode];
  const child = spawn(command, words, {
    cwd: repository.root,
    env: { ...environment, ...more },
    // A group of its own, which Ctrl-C reaches as a whole.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  // Its end, not that of its output, which what it has started may hold open.
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null, output }));
  return { pid: child.pid as number, ended, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

async function waitForVictim(
  kill: Kill,
  running: Running,
  onProgram: (pid: number) => void,
  scene: Scene,
): Promise<number | null> {
  while (!running.hasEnded()) {
    const all = listProcesses();
    for (const { pid, words } of marked(all, scene.mark))
      if (words.some((word) => word.endsWith("/dist/main.js"))) onProgram(pid);
    const victim = findVictim(kill, running.pid, all);
    if (victim !== null) return victim;
    await sleep(5);
  }
  return null;
}

async function inTime<Value>(work: Promise<Value>): Promise<Value | null> {
  const patience = new AbortController();
  const late = sleep(longestMilliseconds, null, { signal: patience.signal }).catch(() => null);
  const value = await Promise.race([work, late]);
  patience.abort();
  return value;
}

/** Waits for a program that lives on, as where only git was killed; gives whether it ended. */
async function endedByItself(scene: Scene): Promise<boolean> {
  const deadline = performance.now() + longestMilliseconds;
  const isAtWork = (): boolean =>
    marked(listProcesses(), scene.mark).some(({ words }) => words.some((word) => word.endsWith("/dist/main.js")));
  while (isAtWork()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Verdicts, receipts and a remote that say more than what ran. */
async function wrongVerdicts(scene: Scene, { mode }: Round, ended: Ended | null): Promise<string[]> {
  const { repository } = scene;
  const wanted = mode === "plain" ? scene.plainTests : scene.tests;
  const ran = existsSync(scene.passed) ? readFileSync(scene.passed, "utf8").split("\n") : [];
  const isWhole = wanted.every((name) => ran.includes(name));
  const receipts = join(repository.root, ".git/verify/receipts");
  const hasReceipt = existsSync(receipts) && readdirSync(receipts).some((name) => name.endsWith(".json"));
  const remote = await repository.remoteCommit("refs/heads/main");
  const findings: string[] = [];
  if (!isWhole && ended?.code === 0) findings.push(`exit 0, though only ${ran.join(" ")} passed:\n${ended.output}`);
  if (!isWhole && hasReceipt) findings.push(`a receipt, though only ${ran.join(" ")} passed`);
  if (!isWhole && verdictOf(repository.root) === "verified") findings.push("a verified summary of what did not run");
  if (remote !== scene.before && remote !== scene.pushed) findings.push(`the remote is at ${remote}`);
  if (remote === scene.pushed && !hasReceipt) findings.push("the remote was updated without a receipt");
  return findings;
}

function verdictOf(root: string): string | null {
  try {
    return JSON.parse(readFileSync(join(root, ".verify/summary.json"), "utf8")).verdict;
  } catch {
    return null;
  }
}

/** Makes all as it was before the first run; what is cached stays. */
async function reset(scene: Scene): Promise<void> {
  const { repository, passed } = scene;
  rmSync(join(repository.root, ".verify"), { recursive: true, force: true });
  rmSync(passed, { force: true });
  forgetReceipts(repository.root);
  await resetRemote(scene);
}

function forgetReceipts(root: string): void {
  for (const part of ["receipts", "proven"]) rmSync(join(root, ".git/verify", part), { recursive: true, force: true });
}

async function resetRemote({ repository, before }: Scene): Promise<void> {
  await repository.git("--git-dir", repository.remote, "update-ref", "refs/heads/main", before);
  await repository.git("update-ref", "refs/remotes/origin/main", before);
}
