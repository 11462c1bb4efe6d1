import { RequestError } from "../shared/errors.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";

/** The kind of a remote's host. `gitea` includes Forgejo. */
export type ForgeKind = "github" | "gitlab" | "gitea";

/** The target of a remote's URL. */
export interface RemoteAddress {
  /** In lower case, without a port; null for a directory. */
  readonly host: string | null;
  /** Without the leading slash and without `.git`. */
  readonly path: string;
}

/** Parses a remote's URL in any of git's forms: with a scheme, `user@host:path`, or a directory. */
export function parseRemoteUrl(url: string): RemoteAddress {
  const [, scheme, authority = "", path = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/i.exec(url) ?? [];
  if (scheme !== undefined) {
    if (scheme.toLowerCase() === "file") return { host: null, path };
    return { host: hostOf(authority), path: cleanPath(path) };
  }
  // With a slash before the first colon, git takes it for a directory.
  const [, host, behind = ""] = /^((?:[^/@:]+@)?(?:\[[^\]]+\]|[^/:[\]]+)):(.*)$/s.exec(url) ?? [];
  return host === undefined ? { host: null, path: url } : { host: hostOf(host), path: cleanPath(behind) };
}

/** The account or group in the path of a remote's repository; empty for a directory. */
export function ownerOf({ host, path }: RemoteAddress): string {
  return host === null ? "" : path.split("/").slice(0, -1).join("/");
}

/**
 * The kind of a remote's host: from `git config pushproof.host`, else from the host's name; null where unknown. Throws
 * RequestError for an invalid setting.
 */
export function forgeKind(
  { host }: RemoteAddress,
  configured: string | null,
  environment: Environment,
): ForgeKind | null {
  if (configured !== null) return configuredKind(configured);
  if (host === null) return null;
  if (host === hostVariable(environment.GH_HOST)) return "github";
  if (host === hostVariable(environment.GITLAB_HOST) || host === hostVariable(environment.GL_HOST)) return "gitlab";
  if (host.includes("github")) return "github";
  if (host.includes("gitlab")) return "gitlab";
  return host === "codeberg.org" || /gitea|forgejo/.test(host) ? "gitea" : null;
}

const tokenVariables = [
  "GH_TOKEN",
  "GITHUB_TOKEN",
  "GH_ENTERPRISE_TOKEN",
  "GITHUB_ENTERPRISE_TOKEN",
  "GITLAB_TOKEN",
  "GITLAB_ACCESS_TOKEN",
  "OAUTH_TOKEN",
  "CI_JOB_TOKEN",
];

/** Secrets to redact: tokens in the environment, and credentials in a URL. */
export function forgeSecrets(url: string, environment: Environment): Secret[] {
  const [, user = "", password] = /^https?:\/\/([^/:@]*)(?::([^/]*))?@/i.exec(url) ?? [];
  // The user name may be a token.
  const inUrl = password ?? user;
  const tokens = tokenVariables.map((name) => environment[name]);
  return [inUrl, decoded(inUrl), ...tokens].filter((secret): secret is string => Boolean(secret));
}

function configuredKind(configured: string): ForgeKind {
  const kind = configured.trim().toLowerCase();
  if (kind === "forgejo") return "gitea";
  if (kind === "github" || kind === "gitlab" || kind === "gitea") return kind;
  throw new RequestError(`git config pushproof.host says "${configured}": expected github, gitlab or gitea.`);
}

function hostOf(authority: string): string {
  const place = authority.slice(authority.lastIndexOf("@") + 1);
  return (/^\[[^\]]*\]|^[^:]*/.exec(place)?.[0] ?? "").toLowerCase();
}

function cleanPath(path: string): string {
  return path
    .replace(/^\/+/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}

/** GITLAB_HOST may be a full URL. */
function hostVariable(value: string | undefined): string | null {
  if (!value) return null;
  return hostOf(value.replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/s, ""));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
