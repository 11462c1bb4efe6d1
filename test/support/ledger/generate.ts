import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of a template directory that end in one of the endings, by path relative to it. */
export function templateFiles(directory: string, endings: readonly string[]): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)));
  return Object.fromEntries(wanted.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

/**
 * How many tests each file holds, as real suites are: a few files hold most tests, most files a few, each at least
 * one, in an order that does not follow their sizes. Throws where there are fewer tests than files or than `least`.
 */
export function skewedSizes(files: number, tests: number, least: number): number[] {
  if (tests < Math.max(files, least)) {
    throw new Error(`A ledger of ${files} files needs at least ${Math.max(files, least)} tests.`);
  }
  const weights = Array.from({ length: files }, (_, index) => (index + 1) ** -0.7);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const sizes = weights.map((weight) => 1 + Math.floor(((tests - files) * weight) / sum));
  const rest = tests - sizes.reduce((total, size) => total + size, 0);
  return shuffle(sizes.map((size, index) => (index < rest ? size + 1 : size)));
}

/** The same order every time. */
function shuffle(sizes: readonly number[]): number[] {
  const keyed = sizes.map((size, index) => ({ size, key: (index * 37 + 13) % 101 }));
  return keyed.sort((first, second) => first.key - second.key).map(({ size }) => size);
}
