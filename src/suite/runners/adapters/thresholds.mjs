// The coverage thresholds of a project's own configuration, as they are told to the verifier: no share of the files is held to them.

const metrics = ["lines", "branches", "functions", "statements"];

/**
 * The message about thresholds as vitest writes them, globs beside the metrics; null where they ask for nothing.
 *
 * @param {Record<string, unknown> | undefined} written
 */
export function thresholdMessage(written = {}) {
  const isAll = written["100"] === true;
  /** @type {Record<string, number>} */
  const shares = {};
  /** @type {string[]} */
  const others = [];
  for (const metric of metrics) {
    const value = isAll ? 100 : written[metric];
    if (typeof value !== "number" || value === 0) continue;
    if (value > 0) shares[metric] = value;
    else others.push(`at most ${-value} uncovered ${metric}`);
  }
  if (written.perFile === true) others.push("the same of each file");
  for (const [glob, value] of Object.entries(written))
    if (typeof value === "object" && value !== null) others.push(`thresholds of ${glob}`);
  return Object.keys(shares).length + others.length === 0 ? null : { type: "threshold", ...shares, others };
}
