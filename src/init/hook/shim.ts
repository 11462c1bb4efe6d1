import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { editFile } from "../../shared/files.ts";

const mark = "# pushproof's shim";

/**
 * The script that git runs before a push, in husky's generated directory. husky's own lets pushes pass where
 * .husky/pre-push is missing, and ignores us where that file predates `verify init`, as on old branches or in sparse
 * checkouts. Ours runs pushproof there. It reads git's lines first, so it knows where git gave none.
 */
const shim = `#!/usr/bin/env sh
${mark}, in place of husky's own. Written by \`verify prepare\`, which the prepare script of package.json runs.
pushproof_lines=
[ -t 0 ] || pushproof_lines=$(cat)
if [ -z "$pushproof_lines" ]; then
  export PUSHPROOF_NOTHING="$PWD $*"
  exec </dev/null
else
  unset PUSHPROOF_NOTHING
  exec <<PUSHPROOF
$pushproof_lines
PUSHPROOF
fi
directory=$(dirname "$0")

# .husky/pre-push is not in this checkout, or is of before \`verify init\`.
if ! grep -qs '^[^#]*pushproof/hooks/pre-push' "$directory/../pre-push"; then
  init="\${XDG_CONFIG_HOME:-$HOME/.config}/husky/init.sh"
  [ ! -f "$init" ] || . "$init"
  [ "\${HUSKY-}" != 0 ] || exit 0
  if [ ! -f node_modules/pushproof/hooks/pre-push ]; then
    echo "pushproof is not installed here, so nothing was verified and nothing is pushed: install the packages of a branch that has it, or bypass with \\\`git push --no-verify\\\`." >&2
    exit 1
  fi
  { [ -z "$pushproof_lines" ] || printf '%s\\n' "$pushproof_lines"; } |
    PATH="node_modules/.bin:$PATH" sh node_modules/pushproof/hooks/pre-push "$@" || exit
fi
[ -f "$directory/../pre-push" ] || exit 0
. "$directory/h"
`;

/** Whether a hook file is our shim, of any version. */
export function isShim(text: string): boolean {
  return text.includes(mark);
}

/**
 * Writes the shim into husky's generated directory, where that exists and the root depends on pushproof, unlike
 * pushproof's own repository. Returns whether a file changed.
 */
export async function placeShim(root: string): Promise<boolean> {
  const directory = join(root, ".husky", "_");
  const path = join(directory, "pre-push");
  // Only husky 9 generates hooks there; older versions keep them in .husky itself.
  const needed = [join(directory, "h"), path, join(root, "node_modules/pushproof/hooks/pre-push")];
  if (!needed.every((file) => existsSync(file)) || readFileSync(path, "utf8") === shim) return false;
  await editFile(path, shim, 0o777);
  return true;
}
