import { parseArgs } from "node:util";
import { causeChaos } from "./chaos.ts";

// `npm run chaos -- [--kills 200] [--seed N]`: kills runs of the program at moments spread over the whole of them, and looks at
// what is lost, left or claimed. The same seed gives the same kills; when exactly they hit is for the machine to say.
const { values } = parseArgs({
  options: { kills: { type: "string", default: "200" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
console.log(`${values.kills} kills, seed ${seed}`);
const ends: (() => Promise<void>)[] = [];
const started = performance.now();
try {
  const { killed, findings } = await causeChaos(
    Number(values.kills),
    seed,
    (line) => console.log(line),
    (end) => ends.push(end),
  );
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`${killed} kills in ${minutes} min, ${findings.length} findings; seed ${seed}`);
  if (findings.length > 0 || killed === 0) process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}
