import { readFileSync } from "node:fs";

/**
 * Whether what is drawn on the terminal is still ours to draw over. `git push` ends at once on Ctrl-C and leaves its hook
 * behind: the shell's prompt is there then, below our lines. Where the system does not tell, we take it for ours.
 */
export function ownsTerminal(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // Behind the name, which may hold blanks and parentheses: state, parent, group, session, terminal, its foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return foreground === "-1" || group === foreground;
  } catch {
    return true;
  }
}
