import { dirname, relative } from "node:path";

/** Where packages are missing; both directories are absolute. */
export interface LackingPlace {
  readonly directory: string;
  readonly checkoutRoot: string;
}

/** How to install missing packages. */
export interface Addition {
  /** A shell command for the repository's root. */
  readonly command: string;
  /** Where a person must list them, if no command does; otherwise null. */
  readonly listIn: string | null;
}

/** An addition as text. */
export function additionText({ command, listIn }: Addition): string {
  return listIn === null ? command : `${command} (and list it in ${listIn})`;
}

/** A directory and its parents up to the checkout. */
export function upToCheckout({ directory, checkoutRoot }: LackingPlace): string[] {
  const chain = [directory];
  for (let current = directory; current !== checkoutRoot && current !== dirname(current); ) {
    current = dirname(current);
    chain.push(current);
  }
  return chain;
}

/** A directory's command, changed to run from the checkout's root. */
export function fromRoot({ checkoutRoot }: LackingPlace, directory: string, command: string): string {
  const path = relative(checkoutRoot, directory);
  return path === "" ? command : `cd ${path} && ${command}`;
}
