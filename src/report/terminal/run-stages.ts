import { setTimeout } from "node:timers/promises";
import { formatSeconds } from "../../shared/text.ts";
import { LiveRenderer } from "./live-renderer.ts";
import type { Output } from "./output.ts";
import { PlainRenderer } from "./plain-renderer.ts";
import { type Stage, stage } from "./stage.ts";
import { printEnd } from "./stage-end.ts";

/**
 * Runs stages one after another as listr2's tasks, and shows them. Throws what the first stage throws that does; stages
 * beside that one go on, so the caller ends what they began.
 */
export async function runStages(stages: readonly Stage[], output: Output): Promise<void> {
  // Loaded only where something runs: a tree that is proven already does without.
  const { Listr } = await import("listr2");
  const list = new Listr<unknown, typeof LiveRenderer | typeof PlainRenderer>([...stages], {
    renderer: output.area === null ? PlainRenderer : LiveRenderer,
    rendererOptions: { output },
    concurrent: false,
    exitOnError: true,
    // Ours end what runs and leave with our exit codes; listr2's would end the process with 127.
    registerSignalListeners: false,
  } as never);
  await list.run();
}

/** How long work may take before it is shown while it goes on, in milliseconds. */
const noticed = 200;

/**
 * Shows work that began before anything else could be known, and gives its value. Work that is over at once costs no more
 * than its line: listr2 is not even loaded.
 */
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
