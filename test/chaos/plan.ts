import { type Kill, kills } from "./kills.ts";
import type { Mode, Next, Round } from "./round.ts";

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const nexts: readonly Next[] = ["plain", "receipt", "push", "external", "everything", "receipt", "plain"];

/** The runs in which a victim can be found. */
function modesFor({ victim }: Kill): readonly Mode[] {
  if (victim === "push") return ["push"];
  if (victim === "postmaster" || victim === "backend") return ["everything", "push"];
  if (victim === "worker") return ["everything", "push", "external"];
  return ["everything", "push", "plain", "external"];
}

/** So many rounds: every kill in turn, its moments spread evenly over the run, the rest by chance. */
export function planRounds(count: number, seed: number): Round[] {
  const random = randomFrom(seed);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  // Each moment of the run once, in an order of chance.
  const moments = Array.from({ length: count }, (_, index) => ({ at: (index + random()) / count, order: random() }));
  moments.sort((left, right) => left.order - right.order);
  return moments.map(({ at }, index) => {
    const kill = kills[index % kills.length] as Kill;
    const mode = pick(modesFor(kill));
    // Databases on a server are for a run on that server to remove.
    const next = mode === "external" ? "external" : (nexts[index % nexts.length] as Next);
    return { mode, kill, moment: at, pause: Math.round(random() * 300), next };
  });
}
