import { colorsFor } from "../shared/colors.ts";
import type { World } from "../shared/world.ts";

/** Prints what happens, one short line each. */
export interface Narrator {
  /** Something was done. */
  did(line: string): void;
  /** Something was already fine. */
  kept(line: string): void;
  /** Something that needs attention. */
  warn(line: string): void;
  /** A detail of the previous line. */
  detail(line: string): void;
  plain(line: string): void;
}

/** A narrator on standard output, with colors on a terminal. */
export function narratorOf(world: World): Narrator {
  const colors = colorsFor(world.output, world.environment);
  const write = (line: string): void => {
    world.output.write(`${line}\n`);
  };
  return {
    did: (line) => write(`${colors.green("✓")} ${line}`),
    kept: (line) => write(`${colors.dim("·")} ${line}`),
    warn: (line) => write(`${colors.yellow("!")} ${line}`),
    detail: (line) => write(colors.dim(`    ${line}`)),
    plain: write,
  };
}
