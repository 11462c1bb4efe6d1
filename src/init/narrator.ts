import { colorsFor } from "../shared/colors.ts";
import type { World } from "../shared/world.ts";

/** Says what happens, a short line each. */
export interface Narrator {
  /** Something was done. */
  did(line: string): void;
  /** Something is as it should be already. */
  kept(line: string): void;
  /** Something that needs a person's eye. */
  warn(line: string): void;
  /** More about the line before. */
  detail(line: string): void;
  plain(line: string): void;
}

/** A narrator on standard output, in color where a terminal shows it. */
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
