import { type SimpleGit, simpleGit } from "simple-git";
import type { Environment } from "../shared/world.ts";

/**
 * The variables git needs from us to find its configuration and itself. simple-git refuses an environment that could
 * start other programs (EDITOR, PAGER, GIT_SSH_COMMAND, …), and nothing we ask of git needs those.
 */
const passedOn = [
  "PATH",
  "HOME",
  "XDG_CONFIG_HOME",
  "USER",
  "LOGNAME",
  "TMPDIR",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_SYSTEM",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_CEILING_DIRECTORIES",
];

/** What git gets from us: it speaks English, asks nobody, and takes no optional locks that could get in the user's way. */
export function gitEnvironment(environment: Environment): Record<string, string> {
  const variables: Record<string, string> = {
    LC_ALL: "C.UTF-8",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // What is pushed is the object itself, not what `git replace` shows here in its place.
    GIT_NO_REPLACE_OBJECTS: "1",
    // Nor are the commits' parents what a file of grafts says here.
    GIT_GRAFT_FILE: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
  };
  for (const name of passedOn) {
    const value = environment[name];
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/** Git in a directory, in an environment of its own. */
export function openGit(directory: string, environment: Environment): SimpleGit {
  const variables = gitEnvironment(environment);
  return simpleGit({
    baseDir: directory,
    trimmed: false,
    // We give that file ourselves, and git's advice about it would stand in the way of what went wrong.
    config: ["advice.graftFileDeprecated=false"],
    // A linked worktree is added without the user's post-checkout hook, which needs `-c core.hooksPath=…`;
    // the configuration's place is taken over from the caller as it is.
    // A monitor of files is only ever switched off.
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeConfigPaths: true, allowUnsafeFsMonitor: true },
    // Files can be written by an index that is not the user's, see submodules.ts.
    allowEnvironment: [...Object.keys(variables), "GIT_INDEX_FILE"],
    // simple-git takes a failure without words (`rev-parse --quiet --verify`) for a success.
    errors: (error, { exitCode }) => (exitCode === 0 ? undefined : (error ?? new Error(`git exited with ${exitCode}`))),
  }).env(variables);
}

/** What git prints for the arguments, without the line end. */
export async function gitLine(git: SimpleGit, ...args: string[]): Promise<string> {
  return (await git.raw(args)).replace(/\r?\n$/, "");
}

/** What git prints for the arguments, or null where git says no. */
export async function gitLineOrNull(git: SimpleGit, ...args: string[]): Promise<string | null> {
  try {
    return await gitLine(git, ...args);
  } catch {
    return null;
  }
}
