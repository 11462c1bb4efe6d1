import { afterAll, expect, test } from "vitest";
import { causeChaos } from "./chaos.ts";
import { planRounds } from "./plan.ts";

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** `VERIFY_CHAOS_SEED` plays a failure again; `npm run chaos` kills 200 times. */
const seed = Number(process.env.VERIFY_CHAOS_SEED ?? Math.floor(Math.random() * 1e9));

test(`a run that is killed loses nothing, claims nothing, and leaves nothing to the next (20 kills, seed ${seed})`, async () => {
  const told: string[] = [];
  const { killed, findings } = await causeChaos(
    20,
    seed,
    (line) => told.push(line),
    (end) => ends.push(end),
  );
  expect(findings, `seed ${seed}\n${told.join("\n")}`).toEqual([]);
  expect(killed, told.join("\n")).toBeGreaterThanOrEqual(18);
}, 600_000);

test("the same seed plans the same kills, and every moment of a run is hit", () => {
  const rounds = planRounds(200, 7);
  expect(planRounds(200, 7)).toEqual(rounds);
  expect(planRounds(200, 8)).not.toEqual(rounds);
  const tenths = new Set(rounds.map(({ moment }) => Math.floor(moment * 10)));
  expect(tenths.size).toBe(10);
});
