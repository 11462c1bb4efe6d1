// Messages about the coverage thresholds of a project's own configuration, which do not apply to a share.

const metrics = ["lines", "branches", "functions", "statements"];

/**
 * The message for thresholds as vitest writes them, globs next to metrics; null where there are none.
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
