import { applyEdits, findNodeAtLocation, modify, parseTree } from "jsonc-parser";

/**
 * Sets a string at a path of keys in the text of a JSON object and keeps everything else. A new member of a sorted list
 * of dependencies is inserted in order. The text must be a valid JSON object, and existing parts of the path must be
 * objects.
 */
export function setJsonString(text: string, path: readonly string[], value: string): string {
  // A byte order mark is not JSON; it is kept.
  const [, mark = "", json = ""] = /^(\uFEFF?)([\s\S]*)$/.exec(text) ?? [];
  const indent = /^\s*\{\r?\n([ \t]+)/.exec(json)?.[1] ?? "  ";
  const list = path.slice(0, -1);
  const tree = parseTree(json);
  const isInList = /dependencies$/i.test(list.at(-1) ?? "") && tree && findNodeAtLocation(tree, list) !== undefined;
  const edits = modify(json, [...path], value, {
    formattingOptions: {
      insertSpaces: !indent.startsWith("\t"),
      tabSize: indent.length,
      eol: json.includes("\r\n") ? "\r\n" : "\n",
    },
    getInsertionIndex: (names) => {
      const next = isInList && isSorted(names) ? names.findIndex((name) => name > (path.at(-1) ?? "")) : -1;
      return next === -1 ? names.length : next;
    },
  });
  return mark + applyEdits(json, edits);
}

function isSorted(names: readonly string[]): boolean {
  return names.every((name, index) => index === 0 || (names[index - 1] ?? "") < name);
}
