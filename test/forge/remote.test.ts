import { expect, test } from "vitest";
import { forgeKind, forgeSecrets, ownerOf, parseRemoteUrl } from "../../src/forge/remote.ts";
import { withoutCredentials } from "../../src/shared/redact.ts";

test.each<[url: string, host: string | null, path: string]>([
  ["https://github.com/ada/ledger.git", "github.com", "ada/ledger"],
  ["https://github.com/ada/ledger/", "github.com", "ada/ledger"],
  ["https://ada:pass@word@github.com:8443/ada/ledger.git", "github.com", "ada/ledger"],
  ["HTTPS://GitHub.com/ada/ledger", "github.com", "ada/ledger"],
  ["ssh://git@gitlab.example.com:2222/group/sub/ledger.git", "gitlab.example.com", "group/sub/ledger"],
  ["git+ssh://git@codeberg.org/ada/ledger", "codeberg.org", "ada/ledger"],
  ["git@github.com:ada/ledger.git", "github.com", "ada/ledger"],
  ["github-work:ada/ledger.git", "github-work", "ada/ledger"],
  ["git@[::1]:ada/ledger.git", "[::1]", "ada/ledger"],
  ["ssh://git@[::1]:22/ada/ledger.git", "[::1]", "ada/ledger"],
  ["/srv/git/ledger.git", null, "/srv/git/ledger.git"],
  ["../ledger.git", null, "../ledger.git"],
  ["./odd:name/ledger.git", null, "./odd:name/ledger.git"],
  ["file:///srv/git/ledger.git", null, "/srv/git/ledger.git"],
])("%s is at %s", (url, host, path) => {
  expect(parseRemoteUrl(url)).toEqual({ host, path });
});

test("the owner is all of the path but the repository", () => {
  expect(ownerOf(parseRemoteUrl("git@gitlab.com:group/sub/ledger.git"))).toBe("group/sub");
});

test("a directory has no owner", () => {
  expect(ownerOf(parseRemoteUrl("/srv/git/ledger.git"))).toBe("");
});

test.each([
  ["git@github.com:ada/ledger.git", "github"],
  ["https://ssh.github.com:443/ada/ledger.git", "github"],
  ["https://github.example.com/ada/ledger.git", "github"],
  ["https://gitlab.com/ada/ledger.git", "gitlab"],
  ["https://oauth2:token@gitlab.example.com/ada/ledger.git", "gitlab"],
  ["ssh://git@codeberg.org/ada/ledger.git", "gitea"],
  ["https://gitea.example.com/ada/ledger.git", "gitea"],
  ["https://git.forgejo.dev:3000/ada/ledger.git", "gitea"],
  ["https://git.example.com/ada/ledger.git", null],
  ["https://git.example.com/github/ledger.git", null],
  ["/srv/github/ledger.git", null],
])("%s is %s by its name", (url, kind) => {
  expect(forgeKind(parseRemoteUrl(url), null, {})).toBe(kind);
});

test.each([
  [{ GH_HOST: "git.example.com" }, "github"],
  [{ GITLAB_HOST: "https://git.example.com:8443/gitlab" }, "gitlab"],
  [{ GL_HOST: "git.example.com" }, "gitlab"],
  [{ GH_HOST: "other.example.com" }, null],
])("%o says that git.example.com is %s", (environment, kind) => {
  expect(forgeKind(parseRemoteUrl("https://git.example.com/ada/ledger.git"), null, environment)).toBe(kind);
});

test.each([
  ["github", "github"],
  ["GitLab", "gitlab"],
  ["gitea", "gitea"],
  ["forgejo", "gitea"],
])("a setting of %s goes before the host's name", (configured, kind) => {
  expect(forgeKind(parseRemoteUrl("https://github.com/ada/ledger.git"), configured, {})).toBe(kind);
  expect(forgeKind(parseRemoteUrl("/srv/git/ledger.git"), configured, {})).toBe(kind);
});

test("a setting that is no kind of host is refused by name", () => {
  expect(() => forgeKind(parseRemoteUrl("/srv/git"), "bitbucket", {})).toThrow(
    'git config pushproof.host says "bitbucket": expected github, gitlab or gitea.',
  );
});

test("no user and no password of a URL is shown", () => {
  expect(withoutCredentials("to https://ada:p@ss@host/x.git and ssh://git@host:22/y")).toBe(
    "to https://host/x.git and ssh://host:22/y",
  );
});

test("secrets are the URL's password as it stands and decoded, and the environment's tokens", () => {
  const secrets = forgeSecrets("https://ada:s%23cret@host/x.git", { GH_TOKEN: "ghp_1", GITLAB_TOKEN: "glpat-2" });
  expect(secrets).toEqual(["s%23cret", "s#cret", "ghp_1", "glpat-2"]);
});

test("a token in place of the user's name is a secret, a name before a password is none", () => {
  expect(forgeSecrets("https://ghp_token@host/x.git", {})).toContain("ghp_token");
  expect(forgeSecrets("https://ada:secret@host/x.git", {})).not.toContain("ada");
  expect(forgeSecrets("git@host:x.git", {})).toEqual([]);
});
