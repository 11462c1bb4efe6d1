import { wrapFor } from "../report/terminal/wrap-for.ts";
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
export async function narratorOf(world: World): Promise<Narrator> {
  const colors = colorsFor(world.output, world.environment);
  const wrap = await wrapFor(world.output, world.environment);
  const write = (line: string): void => {
    world.output.write(`${line}\n`);
  };
  const marked = (mark: string, text: string): void => {
    const [first = "", ...others] = text.split("\n");
    for (const line of [...wrap(`${mark} ${first}`), ...others.flatMap((other) => wrap(other))]) write(line);
  };
  return {
    did: (line) => marked(colors.green("✔"), line),
    kept: (line) => marked(colors.dim("·"), line),
    warn: (line) => marked(colors.yellow("!"), line),
    detail: (line) => {
      for (const part of wrap(`    ${line}`)) write(colors.dim(part));
    },
    plain: write,
  };
}
