import { posix } from "node:path";
import { escapedForPattern } from "../../shared/patterns.ts";

/** A file that came or went, and how a module may name it. */
export interface Shadow {
  readonly file: string;
  /** The directory that it stands for, relative to the root; null where it stands for none. */
  readonly place: string | null;
  /** What matches a text that names it. */
  readonly pattern: RegExp;
}

/** How a module may name a file that came or went; `directories` are those that are new. */
export function shadowOf(file: string, directories: readonly string[]): Shadow {
  // The mock of an index stands for the directory around it.
  const directory = posix.dirname(file).replace(/(?:^|\/)__mocks__$/, "");
  const place = directory === "." ? "" : directory;
  const [stem = ""] = posix.basename(file).split(".");
  const stems = [stem, ...directories.filter((one) => file.startsWith(`${one}/`)).map((one) => posix.basename(one))];
  const isIndex = stem === "index";
  if (isIndex) stems.push(posix.basename(place));
  const words = [...new Set(stems)].filter((word) => word !== "" && word !== "index").map(escapedForPattern);
  return {
    file,
    place: isIndex ? place : null,
    pattern: words.length === 0 ? /(?!)/ : new RegExp(`["'\`/}](?:${words.join("|")})(?=["'\`/.?$])`),
  };
}
