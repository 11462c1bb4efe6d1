import { statSync } from "node:fs";
import { access, constants, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitLineOrNull } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { privateCache } from "../shared/cache.ts";
import { messageOf } from "../shared/errors.ts";
import { formatBytes } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { type Finding, ok, problem, remark } from "./finding.ts";

/** The disk space that a run may need, in bytes. */
const enoughRoom = 1e9;
/** Required for worktrees and for scrubbing git's variables. */
const oldestGit = [2, 31] as const;

/** Checks git, and the base branch for comparisons. */
export async function examineGit({ git }: Repository, base: string | null): Promise<Finding[]> {
  const version = (await git.version()).toString();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < oldestGit[0] || (major === oldestGit[0] && minor < oldestGit[1]);
  const findings = [
    isOld
      ? problem("git", `version ${version} is too old`, `Install git ${oldestGit.join(".")} or later.`)
      : ok("git", `version ${version}`),
  ];
  if ((await gitLineOrNull(git, "rev-parse", "--is-shallow-repository")) === "true") {
    findings.push(
      remark(
        "git",
        "the history is cut off (a shallow clone)",
        "Run `git fetch --unshallow`, so that changes can be compared with the base.",
      ),
    );
  }
  if (base === null) return findings;
  const refs = [`refs/remotes/origin/${base}`, `refs/heads/${base}`];
  const found = await Promise.all(refs.map((ref) => gitLineOrNull(git, "rev-parse", "--verify", "--quiet", ref)));
  const isKnown = found.some((object) => object !== null && object !== "");
  findings.push(
    isKnown
      ? ok("base", base)
      : remark(
          "base",
          `there is no branch "${base}" here, so reports show no changes`,
          'Fetch it, or name another one as "base" in the configuration.',
        ),
  );
  return findings;
}

/** Checks where a run writes, and the free space there. */
export async function examinePlaces({ root, commonDirectory }: Repository, { environment }: World): Promise<Finding[]> {
  const temporary = environment.TMPDIR || tmpdir();
  const places: [string, string, string][] = [
    ["reports", join(root, ".verify"), "Make .verify a directory that you may write to, or remove it."],
    ["receipts", join(commonDirectory, "verify"), "Make it a directory that you may write to."],
    ["temporary files", temporary, "Set TMPDIR to a directory that you may write to."],
  ];
  const findings = await Promise.all(places.map(([subject, path, remedy]) => examinePlace(subject, path, remedy)));
  const cache = await privateCache(environment).catch((error) => messageOf(error));
  const room = await statfs(temporary).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  const short = remark(
    "temporary files",
    `only ${formatBytes(room)} are free in ${temporary}`,
    "Make room, or set TMPDIR to where there is more.",
  );
  return [...findings, ok("cache", cache), ...(room < enoughRoom ? [short] : [])];
}

async function examinePlace(subject: string, path: string, remedy: string): Promise<Finding> {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isDirectory()) return problem(subject, `${path} is no directory`, remedy);
  const asked = there === undefined ? join(path, "..") : path;
  return await access(asked, constants.W_OK).then(
    () => ok(subject, path),
    () => problem(subject, `${asked} cannot be written to`, remedy),
  );
}
