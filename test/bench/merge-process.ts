/** Merges tracefiles in a process of its own, and prints what that took of memory: its words are the base, the output and the inputs. */
import { mergeLcov, writeLcov } from "../../src/coverage/lcov/merge.ts";
import { peakOf } from "./programs.ts";

/** What the process prints, as JSON. */
export interface MergeReport {
  readonly peakMegabytes: number;
}

const [base = "", output = "", ...paths] = process.argv.slice(2);
await writeLcov(await mergeLcov(paths.map((path) => ({ path, base }))), base, output);
// Of the two, what the system says of this program alone: the other may be what its parent had when it was forked.
const peakMegabytes = (await peakOf(process.pid)) ?? process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ peakMegabytes } satisfies MergeReport));
