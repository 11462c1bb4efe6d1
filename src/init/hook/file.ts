import { RequestError } from "../../shared/errors.ts";

const opening = "# >>> pushproof";
const closing = "# <<< pushproof";

/** How the hook finds our script, from the repository's root. */
export interface HookTarget {
  /** Relative to the root. */
  readonly script: string;
  /** The command that installs the script; null where it is part of the repository. */
  readonly install: string | null;
}

/** A hook file, and what it must do besides. */
export interface HookPlace {
  /** Relative to the root. */
  readonly path: string;
  /** Whether it must call git-lfs's hook, as git does not run it. */
  readonly callsLfs: boolean;
}

const huskyPlace: HookPlace = { path: ".husky/pre-push", callsLfs: false };

/** Whether a pre-push file contains our block. */
export function hasBlock(text: string): boolean {
  return text.split("\n").some((line) => line.startsWith(opening));
}

/**
 * The pre-push file with our block. Existing content is kept after ours, so that an early `exit 0` skips nothing, and
 * still gets git's standard input. Throws RequestError where it is not a shell script.
 */
export function hookFile(existing: string | null, target: HookTarget, place: HookPlace = huskyPlace): string {
  const lfs = place.callsLfs && !mentionsLfs(existing ?? "") ? lfsLines : "";
  const block = hookBlock(target);
  if (existing === null) return `#!/usr/bin/env sh\n${block}${lfs}`;
  if (hasBlock(existing)) return existing.replace(closingLine, (line) => `${line.replace(/\n?$/, "\n")}${lfs}`);
  const shebang = /^#![^\n]*/.exec(existing)?.[0];
  if (shebang !== undefined && !/\b(ba|da|k|z)?sh\b/.test(shebang)) {
    throw new RequestError(notShell(place.path, shebang, target));
  }
  const preamble = preambleOf(existing);
  return `${preamble}${preamble === "" || preamble.endsWith("\n") ? "" : "\n"}${block}${lfs}${existing.slice(preamble.length)}`;
}

/** Whether a hook calls git-lfs. */
export function mentionsLfs(text: string): boolean {
  return /^[^#]*\bgit[ -]lfs\b/m.test(text);
}

function notShell(path: string, shebang: string, { script }: HookTarget): string {
  if (path !== huskyPlace.path) {
    return `${path} begins with "${shebang}", so nothing was put into it: let it run \`sh ${script}\` before all else, with its own arguments and standard input, and stop where that fails; then run \`verify init\` again.`;
  }
  return `.husky/pre-push begins with "${shebang}", but husky runs it with sh: move it to .husky/own/pre-push, call it from .husky/pre-push with \`exec .husky/own/pre-push "$@"\`, and run \`verify init\` again.`;
}

/**
 * The first lines, up to where the file loads husky.sh: husky before version 9 restarts the file there, so earlier
 * lines would run twice.
 */
function preambleOf(text: string): string {
  const loading = /^[\s\S]*?^\s*\.\s+[^\n]*_\/husky\.sh[^\n]*\n?/m.exec(text)?.[0];
  return loading ?? /^#![^\n]*\n?/.exec(text)?.[0] ?? "";
}

const closingLine = new RegExp(`^${closing}.*\\n?`, "m");

/** Git runs this hook instead of git-lfs's, without which LFS objects are not pushed. */
const lfsLines = `# git-lfs uploads its objects.
command -v git-lfs >/dev/null || { echo 'This repository uses Git LFS, and git-lfs is not on PATH: install it, then push again.' >&2; exit 2; }
{ [ -z "$pushproof_lines" ] || printf '%s\\n' "$pushproof_lines"; } | git lfs pre-push "$@" || exit $?
`;

function hookBlock({ script, install }: HookTarget): string {
  const check =
    install === null
      ? []
      : [
          `if [ ! -f ${script} ]; then`,
          `  echo 'pushproof is not installed here, so nothing was verified and nothing is pushed: run \`${install}\`, then push again.' >&2`,
          "  exit 1",
          "fi",
        ];
  return `${[
    `${opening}: verifies what is pushed. Written by \`verify init\`; what you put below still gets git's lines on stdin.`,
    ...check,
    "pushproof_lines=",
    "[ -t 0 ] || pushproof_lines=$(cat)",
    `{ [ -z "$pushproof_lines" ] || printf '%s\\n' "$pushproof_lines"; } | sh ${script} "$@" || exit $?`,
    'if [ -z "$pushproof_lines" ]; then exec </dev/null; else exec <<PUSHPROOF',
    "$pushproof_lines",
    "PUSHPROOF",
    "fi",
    closing,
  ].join("\n")}\n`;
}
