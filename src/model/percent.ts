import type { Count } from "./count.ts";

/** An exact decimal, as written in the configuration: 99.95 is 9995 / 10 ** 2. */
interface Decimal {
  readonly digits: bigint;
  readonly decimals: number;
}

/** Whether coverage reaches a threshold in percent; exact, without floating point. */
export function reaches({ covered, total }: Count, threshold: number): boolean {
  return BigInt(covered) >= linesNeeded(total, threshold);
}

/** The minimum number of covered lines for a threshold in percent. */
export function linesNeeded(total: number, threshold: number): bigint {
  const { digits, decimals } = decimalOf(threshold);
  const whole = 100n * 10n ** BigInt(decimals);
  return (digits * BigInt(total) + whole - 1n) / whole;
}

/** Whether one share is at least another; exact, without floating point. Zero of zero counts as everything. */
export function isAtLeast({ covered, total }: Count, other: Count): boolean {
  return BigInt(covered) * BigInt(other.total) >= BigInt(other.covered) * BigInt(total);
}

/** The minimum number of lines that makes a share at least as large as another. */
export function linesAsIn(total: number, other: Count): bigint {
  if (other.total === 0) return 0n;
  return (BigInt(total) * BigInt(other.covered) + BigInt(other.total) - 1n) / BigInt(other.total);
}

/**
 * A share in percent, such as "94.99 %". It is truncated, so that only full coverage is "100 %" and a share below the
 * threshold never shows as the threshold. Whole percentages have no decimals, others at least two, and as many as
 * needed to differ from the threshold and from zero. Without lines: "no lines".
 */
export function formatPercent(covered: number, total: number, threshold = 0): string {
  if (total === 0) return "no lines";
  const hundredfold = BigInt(covered) * 100n;
  const divisor = BigInt(total);
  if (hundredfold % divisor === 0n) return `${hundredfold / divisor} %`;
  let decimals = Math.max(2, decimalOf(threshold).decimals);
  while ((hundredfold * 10n ** BigInt(decimals)) / divisor === 0n) decimals += 1;
  const digits = ((hundredfold * 10n ** BigInt(decimals)) / divisor).toString().padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)} %`;
}

/** The shortest decimal for this number is what the configuration contains. */
function decimalOf(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const decimals = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return decimals >= 0 ? { digits, decimals } : { digits: digits * 10n ** BigInt(-decimals), decimals: 0 };
}
