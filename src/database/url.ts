import { isIPv6 } from "node:net";
import { userInfo } from "node:os";
import type { DatabaseConfig } from "../config/schema.ts";
import { RequestError } from "../shared/errors.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";

/** A server's address with credentials. Passwords are decoded here and encoded when a URL is rendered. */
export interface ServerAddress {
  /** A host name, an address without brackets, or the absolute directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  /** The TLS mode in libpq's terms, if set. */
  readonly sslmode: string | undefined;
  /** The URL's query parameters, decoded, in order. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** The database in the URL. */
  readonly database: string | undefined;
}

/** Parameters that repeat other parts of the URL, which the fields contain. */
const addressParameters = new Set(["host", "port", "user", "password", "dbname"]);
/** Drivers with another name for libpq's `sslmode`. */
const sslmodeNames: Readonly<Record<string, string>> = { "postgresql+asyncpg": "ssl", "postgres+asyncpg": "ssl" };

/** asyncpg's `ssl` takes the same values; `ssl=true` of other drivers is not one of them. */
const sslmodes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

const noHost = "no-host.invalid";
const encodeHint =
  "Characters such as # / ? @ : % in a user or password must be percent-encoded (# is %23, / is %2F, ? is %3F, % is %25).";

/**
 * Parses a server's URL, with any driver in its scheme (`postgresql+asyncpg://`). Missing parts come from PGHOST,
 * PGPORT, PGUSER and PGPASSWORD. Throws RequestError, which never contains a part of the URL that may be a password.
 */
export function parseServerUrl(text: string, environment: Environment): ServerAddress {
  const url = parseUrl(text);
  const parameters = parseParameters(url);
  const named = new Map(parameters);
  const hostname = url.hostname === noHost ? "" : url.hostname;
  const host = decode(hostname.replace(/^\[(.*)\]$/, "$1")) || named.get("host") || environment.PGHOST || "localhost";
  if (host.includes(",")) {
    throw new RequestError("The database URL names several hosts: give the one that takes writes.");
  }
  return {
    host,
    port: parsePort(url.port || named.get("port") || environment.PGPORT || "5432"),
    user: decode(url.username) || named.get("user") || environment.PGUSER || userInfo().username,
    password: decode(url.password) || named.get("password") || environment.PGPASSWORD || undefined,
    sslmode: named.get("sslmode") ?? sslmodes.find((mode) => mode === named.get("ssl")),
    parameters: parameters.filter(([name]) => !addressParameters.has(name)),
    database: decode(url.pathname.slice(1)) || named.get("dbname") || undefined,
  };
}

/** The external server's URL from the option, the environment or the configuration. */
export function serverUrl(
  database: Pick<DatabaseConfig, "url">,
  option: string | undefined,
  { VERIFY_DATABASE_URL: variable }: Environment,
): string | undefined {
  return option ?? (variable || undefined) ?? database.url;
}

/** Whether a host is an IPv6 address, which URLs write in brackets. */
export function isColonAddress(host: string): boolean {
  // Node compiles a pattern for its answer, which takes longer than all else here.
  return host.includes(":") && isIPv6(host);
}

/** A database's URL with a given scheme; everything that a driver could misread is percent-encoded. */
export function renderUrl(address: ServerAddress, scheme: string, database: string): string {
  const password = address.password === undefined ? "" : `:${encodePart(address.password)}`;
  const isSocket = address.host.startsWith("/");
  const host = isColonAddress(address.host) ? `[${address.host}]` : encodePart(address.host);
  const place = isSocket ? "" : `${host}:${address.port}`;
  // A socket's directory goes into the query, where libpq, SQLAlchemy's drivers and node-pg find it.
  const socket: [string, string][] = isSocket
    ? [
        ["host", address.host],
        ["port", String(address.port)],
      ]
    : [];
  const parameters = [...socket, ...address.parameters].map(
    ([name, value]) => `${encodePart(name === "sslmode" ? (sslmodeNames[scheme] ?? name) : name)}=${encodePart(value)}`,
  );
  const query = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  return `${scheme}://${encodePart(address.user)}${password}@${place}/${encodePart(database)}${query}`;
}

/** The variables that lead libpq and compatible clients to a database. */
export function postgresVariables(address: ServerAddress, database: string): Record<string, string> {
  return {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    ...(address.password !== undefined && { PGPASSWORD: address.password }),
    PGDATABASE: database,
    ...(address.sslmode !== undefined && { PGSSLMODE: address.sslmode }),
  };
}

/** The address for people: `db.example.com:5432`. */
export function describeAddress({ host, port }: ServerAddress): string {
  return isColonAddress(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Common passwords that also occur as words in output: redacting them would hide "postgres" everywhere. */
const commonplacePasswords = new Set(
  "postgres postgresql password passwd secret changeme test tests testing root admin user dev local docker example".split(
    " ",
  ),
);

/** The secrets of an address: the password, unless it is common, or equals the user or database. */
export function passwordSecrets({ password, user, database }: ServerAddress): Secret[] {
  if (password === undefined) return [];
  const isCommonplace = commonplacePasswords.has(password) || password === user || password === database;
  return [isCommonplace ? { commonplace: password } : password];
}

/** The same for several URLs and PGPASSWORD. Invalid URLs are reported when connecting. */
export function urlSecrets(urls: readonly (string | undefined)[], environment: Environment): Secret[] {
  const noUrl = "postgresql://localhost";
  return [noUrl, ...urls.filter((url) => url !== undefined)].flatMap((url) => {
    try {
      return passwordSecrets(parseServerUrl(url, environment));
    } catch {
      return [];
    }
  });
}

/** The environment without variables that override PGHOST and would lead a worker's tests to another server. */
export function withoutPostgresRedirects(environment: Environment): Environment {
  const { PGHOSTADDR: _address, PGSERVICE: _service, PGSERVICEFILE: _file, ...rest } = environment;
  return rest;
}

/** Percent-encodes all but letters, digits and `-._~`; `encodeURIComponent` keeps `!'()*`. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function parseUrl(text: string): URL {
  if (!/^postgres(ql)?(\+\w+)?:\/\//.test(text)) {
    throw new RequestError("The database URL must begin with postgresql:// (or postgresql+driver://).");
  }
  const afterScheme = text.slice(text.indexOf("://") + 3);
  // For "user:1#2@host", parsers see host "user" and port 1, so text after the authority is checked for an "@".
  const end = afterScheme.search(/[/?#]|$/);
  const rest = afterScheme.slice(end);
  const path = /^\/?([^?]*)/.exec(rest)?.[1] ?? "";
  const hasUser = afterScheme.slice(0, end).includes("@");
  if (rest.includes("#") || /[@/]/.test(path) || (!hasUser && rest.includes("@"))) {
    throw new RequestError(`The database URL cannot be read. ${encodeHint}`);
  }
  try {
    // Standard URLs have no user without a host, as in postgresql://ada@/app?host=/run/postgresql.
    return new URL(text.replace(/^([^:]+:\/\/[^/?#]*@)(?=[/?#:]|$)/, `$1${noHost}`));
  } catch {
    const authority = afterScheme.slice(afterScheme.lastIndexOf("@") + 1);
    if (authority.includes(",")) {
      throw new RequestError("The database URL names several hosts: give the one that takes writes.");
    }
    throw new RequestError(`The database URL cannot be read. ${encodeHint}`);
  }
}

function parseParameters(url: URL): [string, string][] {
  // searchParams would decode + as a blank, unlike libpq.
  const pairs = url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "");
  return pairs.map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [decode(name), decode(value.join("="))];
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new RequestError("The port of the database URL is not a number from 1 to 65535.");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RequestError(`The database URL holds a % that begins no percent-encoded character. ${encodeHint}`);
  }
}
