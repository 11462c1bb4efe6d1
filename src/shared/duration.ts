const durationPattern = /^(\d+(?:\.\d+)?)(s|m|h|d)$/;

/** Parses a duration such as "90s", "30m", "2h" or "7d" into seconds; null where it is invalid. */
export function durationSeconds(text: string): number | null {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (amount === undefined) return null;
  return Number(amount) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
}
