import { join } from "node:path";
import { startPlainServer } from "../support/postgres.ts";
import { type AtEnd, makeDirectory } from "../support/repository.ts";
import { planRounds } from "./plan.ts";
import { calibrate, describeRound, playRound } from "./round.ts";
import { makeScene } from "./scene.ts";

/** What came of all rounds. */
export interface Chaos {
  readonly killed: number;
  /** Each with the round that it was found in. */
  readonly findings: readonly string[];
}

/** Rounds that came too late, as their victim had ended, are played once more, this much earlier. */
const earlier = 0.5;

/** Kills so many runs; `tell` gets a line for each. Half of them lie in a worktree, half in place, two at a time. */
export async function causeChaos(
  count: number,
  seed: number,
  tell: (line: string) => void,
  atEnd: AtEnd,
): Promise<Chaos> {
  const findings: string[] = [];
  let killed = 0;
  const rounds = planRounds(count, seed);
  const cache = await makeDirectory(atEnd);
  const lane = async (isDirty: boolean): Promise<void> => {
    // One of its own, as what is left there is looked at.
    const server = await startPlainServer();
    atEnd(() => server.stop());
    const name = `${process.pid}-${seed}-${isDirty ? "worktree" : "place"}`;
    const made = await makeScene(isDirty, name, join(cache, name), atEnd);
    const scene = await calibrate(made, server.url, await makeDirectory(atEnd));
    for (const planned of rounds.filter((_, index) => index % 2 === Number(isDirty))) {
      let round = planned;
      let result = await playRound(scene, round);
      while (!result.wasKilled && round.moment > 0.01) {
        round = { ...round, moment: round.moment * earlier };
        result = await playRound(scene, round);
      }
      if (result.wasKilled) killed += 1;
      const words = `${describeRound(round, scene)}${result.wasKilled ? "" : " (nobody was there to kill)"}`;
      tell(`${result.findings.length === 0 ? "ok" : "FOUND"}  ${words}`);
      for (const finding of result.findings) {
        tell(`       ${finding}`);
        findings.push(`${words}: ${finding}`);
      }
    }
  };
  await Promise.all([lane(false), lane(true)]);
  return { killed, findings };
}
