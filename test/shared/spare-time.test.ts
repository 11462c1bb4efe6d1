import { expect, test, vi } from "vitest";
import { SpareTime } from "../../src/shared/spare-time.ts";

/** Whether spare time has begun after so many milliseconds of a clock that is played. */
async function hasBegun(spare: SpareTime, milliseconds: number): Promise<boolean> {
  let begun = false;
  void spare.begun.then(() => {
    begun = true;
  });
  await vi.advanceTimersByTimeAsync(milliseconds);
  return begun;
}

test("spare time begins when it is said to, and at the latest after a second", async () => {
  vi.useFakeTimers();
  try {
    expect(await hasBegun(new SpareTime(), 900)).toBe(false);
    expect(await hasBegun(new SpareTime(), 1000)).toBe(true);
    const spare = new SpareTime();
    spare.begin();
    expect(await hasBegun(spare, 0)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
