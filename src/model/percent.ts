import type { Count } from "./count.ts";

/** A number of percent as a person wrote it, exactly: 99.95 is 9995 / 10 ** 2. */
interface Decimal {
  readonly digits: bigint;
  readonly decimals: number;
}

/** Whether the covered lines reach the threshold, in percent. Exact: no floating point takes part. */
export function reaches({ covered, total }: Count, threshold: number): boolean {
  return BigInt(covered) >= linesNeeded(total, threshold);
}

/** The least number of lines that must be covered for the threshold, in percent, to be reached. */
export function linesNeeded(total: number, threshold: number): bigint {
  const { digits, decimals } = decimalOf(threshold);
  const whole = 100n * 10n ** BigInt(decimals);
  return (digits * BigInt(total) + whole - 1n) / whole;
}

/** Whether a share is no smaller than another one. Exact: no floating point takes part. Nothing of nothing is all of it. */
export function isAtLeast({ covered, total }: Count, other: Count): boolean {
  return BigInt(covered) * BigInt(other.total) >= BigInt(other.covered) * BigInt(total);
}

/** The least number of lines of so many that makes a share as large as another one. */
export function linesAsIn(total: number, other: Count): bigint {
  if (other.total === 0) return 0n;
  return (BigInt(total) * BigInt(other.covered) + BigInt(other.total) - 1n) / BigInt(other.total);
}

/**
 * The share in percent, such as "94.99 %". It is cut, never rounded up, so a figure below the threshold never prints
 * as the threshold and only all lines are "100 %"; whole shares have no decimals, others at least two, and as many as
 * it takes to tell them from the threshold and from nothing. Without lines there is no percentage: "no lines".
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

/** The shortest decimal that means this number is what stood in the configuration. */
function decimalOf(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const decimals = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return decimals >= 0 ? { digits, decimals } : { digits: digits * 10n ** BigInt(-decimals), decimals: 0 };
}
