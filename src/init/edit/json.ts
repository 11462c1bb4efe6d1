/** A member of a JSON object in its text: offsets of the whole member and of its value. */
interface Member {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * The text of a JSON object with a string set at a path of keys, all else byte for byte as it was. A new member of a list of
 * dependencies goes where the names are sorted, as package managers keep them. The text must be a valid JSON object, and
 * what is there of the path objects.
 */
export function setJsonString(text: string, path: readonly string[], value: string): string {
  let objectStart = text.indexOf("{");
  for (const [index, key] of path.entries()) {
    const rest = path.slice(index + 1);
    const section = membersOf(text, objectStart).find((member) => member.key === key);
    if (rest.length === 0 || section === undefined) {
      const sorted = /dependencies$/i.test(path[index - 1] ?? "");
      return setMember(text, objectStart, key, written(text, objectStart, rest, value), sorted);
    }
    objectStart = section.valueStart;
  }
  return text;
}

/** The value of a new member: the string itself, or objects around it for the keys that lead to it. */
function written(text: string, objectStart: number, keys: readonly string[], value: string): string {
  if (keys.length === 0) return JSON.stringify(value);
  const { isInline, newline, indent, memberIndent } = layoutOf(text, objectStart);
  return keys.reduceRight((inner, key, index) => {
    const outside = isInline ? " " : `${newline}${memberIndent}${indent.repeat(index)}`;
    return `{${isInline ? " " : outside + indent}${JSON.stringify(key)}: ${inner}${outside}}`;
  }, JSON.stringify(value));
}

function isSorted(members: readonly Member[]): boolean {
  return members.every((member, index) => index === 0 || (members[index - 1]?.key ?? "") < member.key);
}

function setMember(text: string, objectStart: number, key: string, written: string, sorted = false): string {
  const members = membersOf(text, objectStart);
  const existing = members.find((member) => member.key === key);
  if (existing !== undefined) return text.slice(0, existing.valueStart) + written + text.slice(existing.valueEnd);
  const layout = layoutOf(text, objectStart);
  const member = `${JSON.stringify(key)}: ${written}`;
  const last = members.at(-1);
  if (last === undefined) {
    const end = text.indexOf("}", objectStart);
    const inside = layout.isInline
      ? ` ${member} `
      : `${layout.newline}${layout.memberIndent}${member}${layout.newline}${layout.endIndent}`;
    return `${text.slice(0, objectStart + 1)}${inside}${text.slice(end)}`;
  }
  const separator = layout.isInline ? ", " : `,${layout.newline}${layout.memberIndent}`;
  const next = sorted && isSorted(members) ? members.find((one) => one.key > key) : undefined;
  if (next !== undefined) return text.slice(0, next.start) + member + separator + text.slice(next.start);
  return text.slice(0, last.valueEnd) + separator + member + text.slice(last.valueEnd);
}

interface Layout {
  readonly newline: string;
  /** One step of indentation. */
  readonly indent: string;
  /** What stands in front of this object's members, and of its closing brace. */
  readonly memberIndent: string;
  readonly endIndent: string;
  readonly isInline: boolean;
}

function layoutOf(text: string, objectStart: number): Layout {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = /^\s*\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "  ";
  const lineStart = text.lastIndexOf("\n", objectStart) + 1;
  const endIndent = /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? "";
  const first = membersOf(text, objectStart)[0];
  const isInline = first !== undefined && !text.slice(objectStart, first.start).includes("\n");
  return { newline, indent, memberIndent: endIndent + indent, endIndent, isInline };
}

/** The members of the object whose brace is at `objectStart`. */
function membersOf(text: string, objectStart: number): Member[] {
  const members: Member[] = [];
  let position = skipSpace(text, objectStart + 1);
  while (text[position] === '"') {
    const keyEnd = valueEnd(text, position);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = valueEnd(text, valueStart);
    members.push({ key: JSON.parse(text.slice(position, keyEnd)), start: position, valueStart, valueEnd: end });
    const after = skipSpace(text, end);
    if (text[after] !== ",") break;
    position = skipSpace(text, after + 1);
  }
  return members;
}

function skipSpace(text: string, position: number): number {
  let end = position;
  while (/\s/.test(text[end] ?? "")) end += 1;
  return end;
}

/** Where the value that starts at `start` ends. */
function valueEnd(text: string, start: number): number {
  const token = /"(?:\\.|[^"\\])*"|[[\]{}]|[^\s,[\]{}"]+/g;
  token.lastIndex = start;
  let open = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (/^[[{]$/.test(match[0])) open += 1;
    if (/^[\]}]$/.test(match[0])) open -= 1;
    if (open === 0) return token.lastIndex;
  }
  return text.length;
}
