import { readFileSync } from "node:fs";

/**
 * Whether we may still draw on the terminal. On Ctrl-C `git push` exits at once and leaves its hook running; the
 * shell's prompt is then below our lines. Assumed true where the system does not say.
 */
export function ownsTerminal(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // The name may contain blanks and parentheses; after it: state, parent, group, session, terminal, foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return foreground === "-1" || group === foreground;
  } catch {
    return true;
  }
}
