// Reports the tests that a Node runner's options leave out, before any test runs.
import { createConnection } from "node:net";

/** @typedef {{ by: "git" | "failures" | "number" | "all" | "choice", word: string }} Narrowing as of narrowing.ts */

/**
 * Reports narrowings. Ends the process where the run must not be narrowed.
 *
 * @param {readonly Narrowing[]} narrowings
 */
export async function tellNarrowings(narrowings) {
  if (narrowings.length === 0) return;
  await send(narrowings.map((narrowing) => ({ type: "narrowed", ...narrowing })));
  const refused = narrowings.filter(({ by }) => by !== "choice");
  if (process.env.VERIFY_NARROWING !== "refused" || refused.length === 0) return;
  process.stderr.write(`pushproof does not run a part of the tests: ${refused.map(({ word }) => word).join(", ")}\n`);
  process.exit(1);
}

/** @param {readonly object[]} messages */
async function send(messages) {
  const path = process.env.VERIFY_PROGRESS;
  if (!path) return;
  await new Promise((resolve) => {
    const socket = createConnection(path);
    // Ignore that the verifier stopped listening.
    socket.on("error", resolve);
    socket.end(messages.map((message) => `${JSON.stringify(message)}\n`).join(""), () => resolve(undefined));
  });
}

/**
 * @param {string} word
 * @param {unknown} value the option's value, a list for several; an empty one selects nothing
 * @returns {Narrowing[]}
 */
export function choices(word, value) {
  return [value ?? []]
    .flat()
    .filter((one) => one !== "" && one !== false)
    .map((one) => ({ by: "choice", word: `${word} ${shown(one)}`.trim() }));
}

/** @param {unknown} value a text, or a pattern */
function shown(value) {
  const text = value instanceof RegExp ? value.source : String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text}"`;
}
