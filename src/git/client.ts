import { type SimpleGit, simpleGit } from "simple-git";
import type { Environment } from "../shared/world.ts";

/**
 * The variables that git needs. simple-git rejects an environment that could start other programs (EDITOR, PAGER,
 * GIT_SSH_COMMAND, …), which we do not need.
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

/** Git's environment: English output, no prompts, no optional locks that could disturb the user. */
export function gitEnvironment(environment: Environment): Record<string, string> {
  const variables: Record<string, string> = {
    LC_ALL: "C.UTF-8",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    // Pushes send the object itself, ignoring local `git replace` refs.
    GIT_NO_REPLACE_OBJECTS: "1",
    // Likewise, grafts are ignored.
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
    // We set a grafts file ourselves, and git's advice about it would hide the real error.
    config: ["advice.graftFileDeprecated=false"],
    // Worktrees are added without the user's post-checkout hook, which needs `-c core.hooksPath=…`. The configuration's
    // location is the caller's. The file system monitor is only ever turned off.
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeConfigPaths: true, allowUnsafeFsMonitor: true },
    // Files are written with a separate index; see submodules.ts.
    allowEnvironment: [...Object.keys(variables), "GIT_INDEX_FILE"],
    // simple-git treats a failure without a message (`rev-parse --quiet --verify`) as success.
    errors: (error, { exitCode }) => (exitCode === 0 ? undefined : (error ?? new Error(`git exited with ${exitCode}`))),
    // By default, what git prints is taken as complete 50 ms after its exit, though this process may not have read it yet.
    completion: { onExit: false },
  })
    .env(variables)
    .outputHandler(endAtOnce);
}

/**
 * Where git prints nothing, simple-git waits another 50 ms for late output, unless it has seen data. The end of standard
 * output says that there is none, so an empty chunk there saves the wait.
 */
function endAtOnce(_command: string, output: NodeJS.ReadableStream): void {
  output.once("end", () => output.emit("data", Buffer.alloc(0)));
}

/** Git's output for the arguments, without the line end. */
export async function gitLine(git: SimpleGit, ...args: string[]): Promise<string> {
  return (await git.raw(args)).replace(/\r?\n$/, "");
}

/** Git's output for the arguments, or null where git fails. */
export async function gitLineOrNull(git: SimpleGit, ...args: string[]): Promise<string | null> {
  try {
    return await gitLine(git, ...args);
  } catch {
    return null;
  }
}
