import { escapedForPattern } from "./patterns.ts";
/**
 * A text to redact. A commonplace one, such as the password "postgres", occurs everywhere in output and protects
 * little, so it is only redacted where it is used as a password.
 */
export type Secret = string | { readonly commonplace: string };

/** Redacts secrets in a text. */
export type Redact = (text: string) => string;

/** Shorter ones are always treated as commonplace. */
const shortestBareSecret = 4;

/** Returns a function that replaces every secret, in any encoding, by `***`. */
export function redactor(secrets: readonly Secret[]): Redact {
  const known = secrets.map((secret) => (typeof secret === "string" ? secret : secret.commonplace)).filter(Boolean);
  if (known.length === 0) return (text) => text;
  const bare = new Set(secrets.filter((secret) => typeof secret === "string" && secret.length >= shortestBareSecret));
  const longestFirst = [...new Set(known)].sort((left, right) => right.length - left.length);
  const patterns = longestFirst.map((secret) => {
    const pattern = anySpelling(secret);
    return bare.has(secret) ? pattern : inPlaceOfPassword(pattern);
  });
  const pattern = new RegExp(patterns.join("|"), "gu");
  return (text) => text.replace(pattern, "***");
}

/** The text without user and password of any URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/"'<>]*@/gi, "$1");
}

/** The places of a password: `user:HERE@host`, `password=HERE`, `PGPASSWORD=HERE`, `"password": "HERE"`. */
function inPlaceOfPassword(pattern: string): string {
  const assigned = "(?<=[Pp](?:[Aa][Ss][Ss][Ww][Oo][Rr][Dd]|[Aa][Ss][Ss][Ww][Dd]|[Ww][Dd])[\"']?\\s*[:=]\\s*[\"']?)";
  return `(?<=:)${pattern}(?=@)|${assigned}${pattern}(?![\\p{L}\\p{N}_])`;
}

/**
 * Matches every encoding of a text, per character, as programs mix them: encoders skip characters that are safe for
 * them, and messages quote their input.
 */
function anySpelling(text: string): string {
  return [...text].map((character) => `${backslashes(character)}(?:${spellings(character).join("|")})`).join("");
}

/** JSON, Python and shells escape special characters with backslashes, several where quotes are nested. */
function backslashes(character: string): string {
  return /[\p{L}\p{N}_]/u.test(character) ? "" : "\\\\{0,8}";
}

function spellings(character: string): string[] {
  return [
    ...(otherSpellings[character] ?? []),
    ...codePointEscapes(character),
    percentEncoded(character),
    escapedForPattern(character),
  ];
}

/** Encodings of single characters as patterns: HTML, `sh -x`, forms, Python's configparser. */
const otherSpellings: Readonly<Record<string, readonly string[]>> = {
  "&": ["&(?:amp|#38|#x26);"],
  "<": ["&(?:lt|#60|#x3[cC]);"],
  ">": ["&(?:gt|#62|#x3[eE]);"],
  '"': ["&(?:quot|#34|#x22);"],
  "'": ["&(?:apos|#39|#x27);", "'\\\\''", "'\"'\"'"],
  " ": ["\\+"],
  "%": ["%%"],
  "\n": ["\\\\{1,8}n"],
  "\r": ["\\\\{1,8}r"],
  "\t": ["\\\\{1,8}t"],
};

/** `\u00e9` as in JSON, with surrogate pairs; and Python's `\xe9` and `\U0001f600`. */
function codePointEscapes(character: string): string[] {
  const written = (letter: string, code: number, digits: number): string =>
    `\\\\{1,8}${letter}${eitherCase(hexadecimal(code, digits))}`;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const code = character.codePointAt(0) ?? 0;
  return [
    units.map((unit) => written("u", unit, 4)).join(""),
    ...(code < 0x100 ? [written("x", code, 2)] : []),
    ...(code > 0xffff ? [written("U", code, 8)] : []),
  ];
}

/** `%C3%A9`; percent signs may be encoded (%25) or doubled again. */
function percentEncoded(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%(?:25|%)?${eitherCase(hexadecimal(byte, 2))}`).join("");
}

function hexadecimal(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Matches hexadecimal digits in either case. */
function eitherCase(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
