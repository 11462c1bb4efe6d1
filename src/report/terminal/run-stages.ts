import { setTimeout } from "node:timers/promises";
import { formatSeconds } from "../../shared/text.ts";
import type { LiveRenderer } from "./live-renderer.ts";
import type { Output } from "./output.ts";
import type { PlainRenderer } from "./plain-renderer.ts";
import { type Stage, stage } from "./stage.ts";
import { printEnd } from "./stage-end.ts";

/**
 * Runs stages as listr2 tasks and displays them. Throws the first error; parallel stages continue, so the caller must
 * end what they began.
 */
export async function runStages(stages: readonly Stage[], output: Output): Promise<void> {
  const [{ Listr }, renderer] = await loadStages(output);
  const list = new Listr<unknown, typeof LiveRenderer | typeof PlainRenderer>([...stages], {
    renderer,
    rendererOptions: { output },
    concurrent: false,
    exitOnError: true,
    // Our own handlers stop everything and use our exit codes; listr2's would exit with 127.
    registerSignalListeners: false,
  } as never);
  await list.run();
}

/** Loads what runs and displays stages: a proven tree does not need it. */
export async function loadStages(output: Output) {
  return await Promise.all([import("listr2"), rendererFor(output)]);
}

async function rendererFor({ area }: Output): Promise<typeof LiveRenderer | typeof PlainRenderer> {
  if (area === null) return (await import("./plain-renderer.ts")).PlainRenderer;
  return (await import("./live-renderer.ts")).LiveRenderer;
}

/** Work that takes longer than this is shown while it runs, in milliseconds. */
const noticed = 200;

/** Displays work that already began, and returns its value. Fast work only prints its line, without loading listr2. */
export async function showStage<Value>(
  title: string,
  work: Promise<Value>,
  output: Output,
  describe: (value: Value) => string,
): Promise<Value> {
  const began = performance.now();
  const settled = work.then(
    (value) => ({ text: describe(value), isBad: false }),
    () => ({ text: null, isBad: true }),
  );
  const end = await Promise.race([settled, setTimeout(noticed, null, { ref: false })]);
  if (end === null) await runStages([stage(title, async () => describe(await work))], output);
  else printEnd({ title, ...end, took: formatSeconds((performance.now() - began) / 1000) }, output);
  return await work;
}
