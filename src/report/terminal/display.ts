import type { Writable } from "node:stream";
import pc from "picocolors";
import type { Environment } from "../../shared/world.ts";
import type { Conclusion } from "./conclusion.ts";
import { LiveDisplay } from "./live-display.ts";
import { PlainDisplay } from "./plain-display.ts";
import type { Room, Screen } from "./screen.ts";

/** What is shown while a verification goes on. */
export interface Display {
  readonly colors: Colors;
  /** What the end is to fit on. */
  readonly screen: Screen;
  /**
   * Shows a stage from its beginning to its end and gives its value. `conclude` says in a few words what came of it;
   * a stage that throws is shown as failed and the error passed on.
   */
  stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => Conclusion,
  ): Promise<Value>;
  /** Sentences, a line each, below what was shown so far; broken between their words where they are longer than the screen. */
  say(text: string): void;
  /** Lines as they are: what is laid out for the screen already, or read by a program. */
  print(text: string): void;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** Lines for so much room, at the most. */
export type StageLines = (room: Room, colors: Colors) => readonly string[];

/** A stage that is being shown. */
export interface Stage {
  /** How far it is: a phrase; lines that say it in more words take its place where they can be drawn again. */
  progress(phrase: string, lines?: StageLines): void;
  /** A line that stays, as wide as it is told at the most. */
  say(write: (columns: number, colors: Colors) => string): void;
}

/** Live on a terminal, plain lines elsewhere. */
export function openDisplay(stream: Writable, environment: Environment): Display {
  const isTerminal = (stream as { isTTY?: boolean }).isTTY === true && environment.TERM !== "dumb";
  const colors = pc.createColors(wantsColors(isTerminal, environment));
  return isTerminal && !isSet(environment.CI) ? new LiveDisplay(stream, colors) : new PlainDisplay(stream, colors);
}

/** Of two wishes that contradict each other, the quieter one counts. */
function wantsColors(isTerminal: boolean, { NO_COLOR, FORCE_COLOR }: Environment): boolean {
  if (NO_COLOR) return false;
  return FORCE_COLOR === undefined || FORCE_COLOR === "" ? isTerminal : isSet(FORCE_COLOR);
}

function isSet(variable: string | undefined): boolean {
  return !["", "0", "false"].includes(variable?.toLowerCase() ?? "");
}
