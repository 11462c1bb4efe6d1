import { applyEdits, findNodeAtLocation, modify, parseTree } from "jsonc-parser";

/**
 * The text of a JSON object with a string set at a path of keys, all else as it was. A new member of a list of
 * dependencies goes where the names are sorted, as package managers keep them. The text must be a valid JSON object, and
 * what is there of the path objects.
 */
export function setJsonString(text: string, path: readonly string[], value: string): string {
  // A byte order mark is no JSON, and stays.
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
