const durationPattern = /^(\d+(?:\.\d+)?)(s|m|h)$/;

/** Parses a duration such as "90s", "30m" or "2h" into seconds; null where it is invalid. */
export function durationSeconds(text: string): number | null {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (amount === undefined) return null;
  return Number(amount) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"];
}

/** Parses an age such as "12h" or "7d" into seconds; null where it is invalid. */
export function ageSeconds(text: string): number | null {
  const [, days] = /^(\d+(?:\.\d+)?)d$/.exec(text) ?? [];
  return days === undefined ? durationSeconds(text) : Number(days) * 86_400;
}
