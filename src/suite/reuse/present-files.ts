import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** The files as they are now. */
export class PresentFiles {
  readonly #checkout: string;
  readonly #texts = new Map<string, string>();
  readonly #states = new Map<string, string>();

  constructor(checkout: string) {
    this.#checkout = checkout;
  }

  isFile(file: string): boolean {
    return statSync(this.#path(file), { throwIfNoEntry: false })?.isFile() === true;
  }

  /** The text of a file; empty where there is none. */
  text(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) {
      try {
        text = readFileSync(this.#path(file), "utf8");
      } catch {
        text = "";
      }
      this.#texts.set(file, text);
    }
    return text;
  }

  /** As `stateOf` in adapters/tracing/record.mjs. */
  state(file: string, isLook: boolean): string {
    const key = `${file}\0${isLook}`;
    const state = this.#states.get(key) ?? this.#stateOf(this.#path(file), isLook);
    this.#states.set(key, state);
    return state;
  }

  /** What came or went in these directories, whether git knows of it or not. */
  otherNames(lists: Readonly<Record<string, readonly string[]>>): string[] {
    return Object.entries(lists).flatMap(([place, before]) => {
      const [then, now] = [new Set(before), new Set(this.#namesIn(place))];
      const others = [...[...now].filter((name) => !then.has(name)), ...before.filter((name) => !now.has(name))];
      // Of a runner's, or of ours.
      const isMeant = (name: string): boolean => !name.startsWith(".") && name !== "node_modules";
      return others.filter(isMeant).map((name) => posix.join(place, name));
    });
  }

  #namesIn(place: string): string[] {
    try {
      return readdirSync(this.#path(place));
    } catch {
      return [];
    }
  }

  #stateOf(path: string, isLook: boolean): string {
    try {
      if (statSync(path).isDirectory())
        return isLook ? "directory" : `directory ${digest(readdirSync(path).sort().join("\n"))}`;
      return `file ${digest(readFileSync(path))}`;
    } catch (error) {
      const { code: why } = error as NodeJS.ErrnoException;
      return why === "ENOENT" ? "nothing" : `unreadable ${why}`;
    }
  }

  #path(file: string): string {
    return file.startsWith("/") ? file : join(this.#checkout, file);
  }
}

function digest(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}
