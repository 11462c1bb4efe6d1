import { RequestError } from "../errors.ts";

const opening = "# >>> pushproof";
const closing = "# <<< pushproof";

/** How the hook finds our part, from the repository's root. */
export interface HookTarget {
  /** Relative to the root. */
  readonly script: string;
  /** The command that brings the script; null where it is part of the repository. */
  readonly install: string | null;
}

/** Whether a pre-push file has our block. */
export function hasBlock(text: string): boolean {
  return text.split("\n").some((line) => line.startsWith(opening));
}

/**
 * The pre-push file with our block in it. What is there is kept word for word, after ours, so that an early `exit 0` of it
 * skips nothing, and still finds on its standard input what git wrote. Throws RequestError where it is not a shell's.
 */
export function hookFile(existing: string | null, target: HookTarget): string {
  const block = hookBlock(target);
  if (existing === null) return `#!/usr/bin/env sh\n${block}`;
  if (hasBlock(existing)) return existing;
  const shebang = /^#![^\n]*/.exec(existing)?.[0];
  if (shebang !== undefined && !/\b(ba|da|k|z)?sh\b/.test(shebang)) {
    throw new RequestError(
      `.husky/pre-push begins with "${shebang}", but husky runs it with sh: move it to .husky/own/pre-push, call it from .husky/pre-push with \`exec .husky/own/pre-push "$@"\`, and run \`verify init\` again.`,
    );
  }
  const preamble = preambleOf(existing);
  return `${preamble}${preamble === "" || preamble.endsWith("\n") ? "" : "\n"}${block}${existing.slice(preamble.length)}`;
}

/**
 * The first line, and all up to where the file loads husky.sh: husky before version 9 starts the file anew there, so what
 * stands above would run twice.
 */
function preambleOf(text: string): string {
  const loading = /^[\s\S]*?^\s*\.\s+[^\n]*_\/husky\.sh[^\n]*\n?/m.exec(text)?.[0];
  return loading ?? /^#![^\n]*\n?/.exec(text)?.[0] ?? "";
}

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
    "pushproof_lines=$(cat)",
    `{ [ -z "$pushproof_lines" ] || printf '%s\\n' "$pushproof_lines"; } | sh ${script} "$@" || exit $?`,
    'if [ -z "$pushproof_lines" ]; then exec </dev/null; else exec <<PUSHPROOF',
    "$pushproof_lines",
    "PUSHPROOF",
    "fi",
    closing,
  ].join("\n")}\n`;
}
