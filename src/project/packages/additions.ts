import { dirname, relative } from "node:path";

/** Where packages are missing, both directories absolute. */
export interface LackingPlace {
  readonly directory: string;
  readonly checkoutRoot: string;
}

/** How packages that a suite lacks come to it. */
export interface Addition {
  /** A shell command for the repo's root. */
  readonly command: string;
  /** Where a person has to list them besides, where no command does; null elsewhere. */
  readonly listIn: string | null;
}

/** An addition as a person reads it. */
export function additionText({ command, listIn }: Addition): string {
  return listIn === null ? command : `${command} (and list it in ${listIn})`;
}

/** The directory itself and those above it, up to the checkout. */
export function upToCheckout({ directory, checkoutRoot }: LackingPlace): string[] {
  const chain = [directory];
  for (let current = directory; current !== checkoutRoot && current !== dirname(current); ) {
    current = dirname(current);
    chain.push(current);
  }
  return chain;
}

/** A command for a directory of the checkout as one for its root. */
export function fromRoot({ checkoutRoot }: LackingPlace, directory: string, command: string): string {
  const path = relative(checkoutRoot, directory);
  return path === "" ? command : `cd ${path} && ${command}`;
}
