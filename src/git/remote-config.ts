import { UnavailableError } from "../shared/errors.ts";
import { type ProgramPlace, runProgram } from "../shared/exec/run-program.ts";
import type { Environment } from "../shared/world.ts";

/**
 * Git's variables for reaching a remote. The others are left out: those that say where a repository is, and those that
 * start programs of the caller's choice.
 */
const transportVariables =
  /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_.*|PROXY_.*|HTTP_.*|PROTOCOL_FROM_USER|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM)$/;

/** The environment for a git that reaches a remote by itself: no prompts, English output, no variables of another git. */
export function remoteEnvironment(environment: Environment): Environment {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith("GIT_") || transportVariables.test(name),
  );
  return { ...Object.fromEntries(kept), LC_ALL: "C.UTF-8", GIT_TERMINAL_PROMPT: "0" };
}

/** A setting, as `git config --list` gives it. */
interface Setting {
  readonly key: string;
  readonly value: string;
}

/** Settings that say how a remote is reached; the key's first and last part are in lower case. */
function isTransport(key: string, remote: string): boolean {
  if (/^(?:https?|credential|url|ssh)\./.test(key) || /^core\.(?:sshcommand|askpass|gitproxy)$/.test(key)) return true;
  return ["url", "uploadpack", "proxy", "proxyauthmethod"].some((name) => key === `remote.${remote}.${name}`);
}

/**
 * Variables that give a git elsewhere what it needs from a checkout's configuration to reach one of its remotes, such as
 * the credentials that CI wrote there. Nothing else of it comes along: no hooks, aliases, filters or programs. Settings
 * of the user and the machine that git reads anyway are not given twice.
 */
export async function transportConfig(
  remote: string,
  checkout: ProgramPlace,
  elsewhere: ProgramPlace,
): Promise<Environment> {
  const [here, anyway] = await Promise.all([listSettings(checkout), listSettings(elsewhere)]);
  const known = new Map<string, number>();
  for (const setting of anyway) known.set(idOf(setting), (known.get(idOf(setting)) ?? 0) + 1);
  const needed = here.filter((setting) => {
    const left = known.get(idOf(setting)) ?? 0;
    known.set(idOf(setting), left - 1);
    return left <= 0 && isTransport(setting.key, remote);
  });
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(needed.length)],
    ...needed.flatMap(({ key, value }, index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}

function idOf({ key, value }: Setting): string {
  return `${key}\n${value}`;
}

async function listSettings(place: ProgramPlace): Promise<Setting[]> {
  const { exitCode, stdout } = await runProgram(["git", "config", "--list", "--includes", "-z"], place);
  if (exitCode !== 0) throw new UnavailableError(`The git configuration of ${place.directory} cannot be read.`);
  return stdout
    .split("\0")
    .filter(Boolean)
    .map((entry) => {
      const end = entry.indexOf("\n");
      // A key alone is "true" to git.
      return end < 0 ? { key: entry, value: "true" } : { key: entry.slice(0, end), value: entry.slice(end + 1) };
    });
}
