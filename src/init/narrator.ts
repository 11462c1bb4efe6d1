import { wrapFor } from "../report/terminal/wrap-for.ts";
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
  const wrap = wrapFor(world.output, world.environment);
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
