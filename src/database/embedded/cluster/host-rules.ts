import { RequestError } from "../../../shared/errors.ts";
import { buildingName, templateName, workerDatabaseName } from "../../names.ts";
import type { WorkerId } from "../../provision.ts";
import { superuser } from "../server/settings.ts";
import { coordinatorRole, templateRole } from "./roles.ts";

/** The first version with regular expressions in its rules. */
const regularExpressionsSince = 16;

/** Where the password goes over loopback. */
const loopback = "127.0.0.1/32";

/**
 * Access rules (pg_hba.conf) of a server that workers share. We connect over the private socket. Over TCP each worker,
 * superuser or not, may connect to its own database and any that it creates, but not to the base, the template or its
 * siblings' databases, nor, from Postgres 16 on, to databases that siblings derive from theirs (`base_gw1_shadow`,
 * `test_base_gw1`).
 *
 * The password is sent over loopback in plain text: SCRAM's 4096 hashes, fewer of which some drivers reject, would cost
 * every connection 4 ms (libpq) to 20 ms (asyncpg) and protect nothing, as the password is random and dies with the
 * server.
 */
export function sharedServerRules(major: number, base: string, workers: readonly WorkerId[]): string {
  const databases = new Map(workers.map((worker) => [worker, workerDatabaseName(base, worker)]));
  const isBaseOwned = databases.has("master");
  return rulesText([
    ...commonRules(major, base),
    `host all ${superuser} ${loopback} reject`,
    ...(isBaseOwned ? [] : [`host ${exactly(major, base)} all ${loopback} reject`]),
    ...workers.flatMap((worker) => {
      const others = new Set([base, ...databases.values()]);
      others.delete(workerDatabaseName(base, worker));
      const names = [...others].map((name) => exactly(major, name));
      if (major >= regularExpressionsSince) names.push(siblingsOf(base, worker));
      return names.length === 0 ? [] : [`host ${names.join(",")} ${worker} ${loopback} reject`];
    }),
    `host all all ${loopback} password`,
  ]);
}

/** Access rules of a server that belongs to one worker: anybody with a password, but nobody to the template. */
export function ownServerRules(major: number, base: string): string {
  return rulesText([...commonRules(major, base), `host all all ${loopback} password`]);
}

function commonRules(major: number, base: string): string[] {
  const template = templateName(base);
  const sealed = [template, buildingName(template)].map((name) => exactly(major, name)).join(",");
  return [
    `local all ${superuser} trust`,
    "local all all reject",
    `host all ${coordinatorRole} ${loopback} reject`,
    // It can only log in while it builds the template.
    `host all ${templateRole} ${loopback} password`,
    `host ${sealed} all ${loopback} reject`,
  ];
}

/** A rule that matches one database. */
function exactly(major: number, name: string): string {
  // Postgres reads a leading slash as a regular expression, quoted or not.
  const isExpression = name.startsWith("/") && major >= regularExpressionsSince;
  return quoted(isExpression ? `/^${literally(name)}$` : name);
}

/** A rule that matches every database whose name contains another worker's. */
function siblingsOf(base: string, worker: WorkerId): string {
  const own = worker === "master" ? "" : `(?!${worker.slice("gw".length)}([^0-9]|$))`;
  return quoted(`/${literally(`${base}_gw`)}${own}[0-9]`);
}

/** A text escaped for Postgres's regular expressions. */
function literally(text: string): string {
  return text.replace(/[^\w\u0080-\u{10ffff}]/gu, "\\$&");
}

/** A quoted name, never a keyword, file or group. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function rulesText(rules: readonly string[]): string {
  return `${rules.join("\n")}\n`;
}

/** Throws RequestError for a base name that rules cannot contain. */
export function checkRuleName(base: string): void {
  if (/[\r\n]/.test(base)) throw new RequestError("database.name holds a line break: set another database.name.");
}
