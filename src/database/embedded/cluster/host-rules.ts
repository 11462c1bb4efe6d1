import { RequestError } from "../../../shared/errors.ts";
import { buildingName, templateName, workerDatabaseName } from "../../names.ts";
import type { WorkerId } from "../../provision.ts";
import { superuser } from "../server/settings.ts";
import { coordinatorRole, templateRole } from "./roles.ts";

/** The first version whose rules take regular expressions. */
const regularExpressionsSince = 16;

/** Where the password goes over loopback. */
const loopback = "127.0.0.1/32";

/**
 * Who may connect (pg_hba.conf) on a server that workers share. We come in over the private socket; over TCP each worker
 * gets, superuser or not, into its own database and any that it makes, and into none of the base, the template, its
 * siblings', and, from Postgres 16 on, what its siblings derive from theirs (`base_gw1_shadow`, `test_base_gw1`).
 *
 * The password goes over loopback as it is: the 4096 hashes of SCRAM, fewer of which some drivers refuse, would cost
 * every connection of every test 4 ms (libpq) to 20 ms (asyncpg), and guard nothing, since the password is random and
 * dies with the server.
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

/** Who may connect to a server that one worker has for itself: anybody with a password, and nobody to the template. */
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
    // It can log in only while it builds the template.
    `host all ${templateRole} ${loopback} password`,
    `host ${sealed} all ${loopback} reject`,
  ];
}

/** A rule's name for one database. */
function exactly(major: number, name: string): string {
  // What begins with a slash would be read as a regular expression, quoted or not.
  const isExpression = name.startsWith("/") && major >= regularExpressionsSince;
  return quoted(isExpression ? `/^${literally(name)}$` : name);
}

/** A rule's name for every database whose name holds that of another worker's, whoever that is. */
function siblingsOf(base: string, worker: WorkerId): string {
  const own = worker === "master" ? "" : `(?!${worker.slice("gw".length)}([^0-9]|$))`;
  return quoted(`/${literally(`${base}_gw`)}${own}[0-9]`);
}

/** A text as Postgres's regular expressions match it literally. */
function literally(text: string): string {
  return text.replace(/[^\w\u0080-\u{10ffff}]/gu, "\\$&");
}

/** A name that is no keyword, no file and no group, whatever it holds. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function rulesText(rules: readonly string[]): string {
  return `${rules.join("\n")}\n`;
}

/** Throws RequestError for a base name that no rule can hold. */
export function checkRuleName(base: string): void {
  if (/[\r\n]/.test(base)) throw new RequestError("database.name holds a line break: set another database.name.");
}
