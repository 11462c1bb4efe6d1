import { urlSecrets } from "../../database/url.ts";
import { type Redact, redactor } from "../../shared/redact.ts";
import type { Environment } from "../../shared/world.ts";

/** Names of variables and options whose values are secrets. */
const secretName =
  "[\\w-]*(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key|private[_-]?key|access[_-]?key)";

/** `SHOP_TOKEN=…`, `--password …`, `--api-key=…`, `NPM_AUTH=…`; the value may be quoted. */
const assigned = new RegExp(
  `((?:${secretName}[\\w-]*|[\\w-]*auth)=|--(?:${secretName}|[\\w-]*auth)[ =]+)("[^"]*"|'[^']*'|[^\\s"';&|]+)`,
  "gi",
);
/** A header, such as `Authorization: Bearer …` or `X-Api-Key: …`. */
const inHeader = new RegExp(`((?:authorization|${secretName}): *(?:(?:bearer|basic|token) +)?)[^\\s"']+`, "gi");
/** A user with a password as curl takes it: `-u ada:…`. */
const withUser = /((?:^|\s)(?:-u|--user)[ =]*[^\s:"']+:)[^\s"']+/g;
/** A URL's password, with the user before it; what a shell will put in its place is none. */
const inUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"'$]*:)[^\s/"']+@/gi;
/** A token in the place of a URL's user, as forges take it. */
const tokenInUrl = /(https?:\/\/)[^\s:/@"'$]+@/gi;

/**
 * A function that takes secrets out of the texts of a receipt, which others will read: passwords of the servers that are
 * known, values of variables whose names say that they are secret (a configuration that is a program may have put them into
 * a command), and what stands in a command in the place of a secret.
 */
export function maskSecrets(urls: readonly (string | undefined)[], environment: Environment): Redact {
  const isSecret = new RegExp(`^${secretName}[\\w-]*$`, "i");
  const values = Object.entries(environment).flatMap(([name, value]) => (value && isSecret.test(name) ? [value] : []));
  const redact = redactor([...urlSecrets(urls, environment), ...values]);
  return (text) =>
    redact(text)
      .replace(inUrl, "$1***@")
      .replace(tokenInUrl, "$1***@")
      .replace(inHeader, "$1***")
      .replace(withUser, "$1***")
      .replace(assigned, "$1***");
}
