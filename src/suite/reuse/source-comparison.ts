import { type ParserOptions, type ParserPlugin, parse } from "@babel/parser";

/*
 * How a module's source changed. The parser is large: import this file where there is a source to compare.
 */

/** A function whose body changed, where it was: offsets in the earlier text. */
export interface ChangedFunction {
  /** As people would call it: its own name, or that of what it is given to. */
  readonly name: string;
  /** Where its body begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** `none`: in comments, white space and types only; a list: in these functions' bodies; `module`: in anything else. */
export type SourceChange = "none" | "module" | readonly ChangedFunction[];

type Fields = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly start: number;
  readonly end: number;
};

/** Says how a module's source changed; what cannot be read, or may work on others as it is compiled, changed as a module. */
export function compareSources(file: string, before: string, now: string): SourceChange {
  const [old, current] = [moduleOf(file, before), moduleOf(file, now)];
  if (old === null || current === null) return "module";
  // Compilers leave imports out that are only types, and add some for markup.
  if (old.imported === null || old.imported !== current.imported || old.hasMarkup !== current.hasMarkup)
    return "module";
  const changed: ChangedFunction[] = [];
  return isSameBut(old.top, current.top, changed) ? (changed.length === 0 ? "none" : changed) : "module";
}

/** A module, or a function: what is written in it, with a sign for each function's body. */
interface Unit {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  text: string;
  readonly functions: Unit[];
  /** Whether compilers and runners look into it, as for `import.meta`, `import()` and `vi.mock`, wherever it is. */
  isSeenThrough: boolean;
}

interface Module {
  readonly top: Unit;
  /** The names of imports that are used as values; null where something else has one of these names, too. */
  readonly imported: string | null;
  readonly hasMarkup: boolean;
}

/** Adds the functions that changed; false where more than functions did. */
function isSameBut(before: Unit, now: Unit, changed: ChangedFunction[]): boolean {
  if (before.text !== now.text || before.functions.length !== now.functions.length) return false;
  return before.functions.every((old, index) => {
    const current = now.functions[index];
    if (current === undefined) return false;
    const nested: ChangedFunction[] = [];
    if (isSameBut(old, current, nested)) {
      changed.push(...nested);
      return true;
    }
    changed.push({ name: old.name, start: old.start, end: old.end });
    return !isSeenThrough(old) && !isSeenThrough(current);
  });
}

function isSeenThrough({ isSeenThrough: isOwn, functions }: Unit): boolean {
  return isOwn || functions.some(isSeenThrough);
}

const functionTypes = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ObjectMethod",
  "ClassMethod",
  "ClassPrivateMethod",
]);
/** What is gone before anything runs. */
const typeOnly =
  /^(?:TSInterfaceDeclaration|TSTypeAliasDeclaration|TSDeclareFunction|TSDeclareMethod|TSIndexSignature|TSNamespaceExportDeclaration)$/;
const typedExpression =
  /^(?:TSAsExpression|TSSatisfiesExpression|TSNonNullExpression|TSTypeAssertion|TSInstantiationExpression)$/;
const typeFields = new Set([
  "typeAnnotation",
  "typeParameters",
  "typeArguments",
  "superTypeParameters",
  "superTypeArguments",
  "returnType",
  "implements",
  "predicate",
  "definite",
  "accessibility",
  "override",
  "abstract",
  "readonly",
]);
const skippedFields = new Set(["type", "start", "end", "loc", "range", "extra", "errors", "comments", "tokens"]);
const commentFields = ["leadingComments", "innerComments", "trailingComments"];
/** What runners hoist out of functions, by whatever name it is imported. */
const runnersWords = /^(?:vi|vitest|jest|require|mock|unmock|doMock|doUnmock|hoisted)$/;
/** Comments that say something to compilers and runners. What they say about coverage is read anew in each run. */
const pragma = /@(?:vite|vitest|jest|jsx|ts-|babel|swc|license)|sourceMappingURL|@__|#__|webpack|@vite-ignore/i;

function moduleOf(file: string, text: string): Module | null {
  const program = parsed(file, text);
  if (program === null) return null;
  // Decorators may be told the types of what they stand at.
  const keepsTypes = /@\w/.test(text) && JSON.stringify(program, withoutPlaces).includes('"type":"Decorator"');
  const reader = new Reader(keepsTypes);
  const top: Unit = { name: "", start: 0, end: text.length, text: "", functions: [], isSeenThrough: false };
  reader.read(program, top, "");
  const imports = [...reader.imports];
  const isUnclear = imports.some((name) => reader.declared.has(name));
  const imported = imports.filter((name) => reader.values.has(name)).sort();
  return { top, imported: isUnclear ? null : imported.join(), hasMarkup: reader.hasMarkup };
}

function withoutPlaces(key: string, value: unknown): unknown {
  return key === "loc" || commentFields.includes(key) ? undefined : value;
}

function parsed(file: string, text: string): Fields | null {
  const [, extension = ""] = /\.([^.]+)$/.exec(file) ?? [];
  const language: ParserPlugin[] = /^[cm]?ts$/.test(extension)
    ? ["typescript"]
    : extension === "tsx"
      ? ["typescript", "jsx"]
      : ["jsx"];
  for (const decorators of ["decorators", "decorators-legacy"] as const) {
    const options: ParserOptions = {
      sourceType: "unambiguous",
      attachComment: true,
      plugins: [...language, decorators, "decoratorAutoAccessors", "explicitResourceManagement"],
    };
    try {
      return parse(text, options).program as unknown as Fields;
    } catch {
      // The other form of decorators may be meant.
    }
  }
  return null;
}

/** Writes a syntax tree as text, without what has no effect. */
class Reader {
  /** What imports are called here. */
  readonly imports = new Set<string>();
  /** Names that are used as values. */
  readonly values = new Set<string>();
  /** Names of variables, parameters, functions and classes. */
  readonly declared = new Set<string>();
  hasMarkup = false;
  readonly #keepsTypes: boolean;
  /** What names mean where they are read. */
  #role: "value" | "declared" | "none" = "value";

  constructor(keepsTypes: boolean) {
    this.#keepsTypes = keepsTypes;
  }

  /** Adds the text of a value to a unit; `name` is what holds it. */
  read(value: unknown, unit: Unit, name: string): void {
    if (Array.isArray(value)) {
      unit.text += "[";
      for (const one of value) if (!this.#isGone(one)) this.read(one, unit, name);
      unit.text += "]";
    } else if (isNode(value)) {
      this.#readNode(value, unit, name);
    } else {
      unit.text += typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? "undefined");
    }
  }

  #readNode(node: Fields, unit: Unit, name: string): void {
    if (!this.#keepsTypes && typedExpression.test(node.type)) {
      this.read(node.expression, unit, name);
      return;
    }
    this.#note(node, unit);
    unit.text += `(${node.type}`;
    for (const field of commentFields) this.#readComments(node[field], unit);
    const own = nameOf(node) ?? name;
    for (const [field, value] of Object.entries(node)) {
      if (skippedFields.has(field) || commentFields.includes(field) || this.#isType(node, field)) continue;
      unit.text += ` ${field}:`;
      const role = this.#role;
      this.#role = roleOf(node, field) ?? role;
      if (field === "body" && functionTypes.has(node.type) && isNode(value)) this.#readBody(value, unit, own);
      else this.read(value, unit, own);
      this.#role = role;
    }
    unit.text += ")";
  }

  #readBody(body: Fields, unit: Unit, name: string): void {
    const { start, end } = body;
    const own: Unit = { name: name || "a function", start, end, text: "", functions: [], isSeenThrough: false };
    unit.functions.push(own);
    unit.text += "ƒ";
    this.read(body, own, name);
  }

  #readComments(comments: unknown, unit: Unit): void {
    if (!Array.isArray(comments)) return;
    for (const { value } of comments) if (pragma.test(value)) unit.text += `/*${value}*/`;
  }

  /** Whether a field only holds types. */
  #isType({ type }: Fields, field: string): boolean {
    if (this.#keepsTypes) return false;
    if (field === "optional") return !/^Optional/.test(type);
    return typeFields.has(field);
  }

  /** Whether a statement or member is gone before anything runs. */
  #isGone(value: unknown): boolean {
    if (!isNode(value)) return false;
    const { type, importKind, exportKind, declaration, declare } = value;
    if (typeOnly.test(type) || importKind === "type" || exportKind === "type") return true;
    if (declare === true && !type.startsWith("Class") && type !== "ClassProperty") return true;
    return /^Export(?:Named|Default)Declaration$/.test(type) && isNode(declaration) && this.#isGone(declaration);
  }

  #note(node: Fields, unit: Unit): void {
    const { type, name, local } = node;
    if (/^Import\w*Specifier$/.test(type) && isNode(local)) this.imports.add(String(local.name));
    else if ((type === "Identifier" || type === "JSXIdentifier") && this.#role !== "none")
      this[this.#role === "value" ? "values" : "declared"].add(`${name}`);
    if (type.startsWith("JSX")) this.hasMarkup = true;
    const speaksToRunners = type === "Identifier" && runnersWords.test(`${name}`);
    if (type === "MetaProperty" || type === "Import" || type === "ImportExpression" || speaksToRunners) {
      unit.isSeenThrough = true;
    }
  }
}

/** What names in a field mean; null where that is as around it. */
function roleOf({ type, computed, id }: Fields, field: string): "value" | "declared" | "none" | null {
  if (/^Import\w*Specifier$/.test(type) || type === "MetaProperty") return "none";
  if (field === "label" || (type === "ExportSpecifier" && field === "exported")) return "none";
  if (type === "JSXAttribute" && field === "name") return "none";
  if (field === "property" || field === "key") return computed === true ? "value" : "none";
  if (field === "params" || (type === "CatchClause" && field === "param")) return "declared";
  if (field === "id" && isNode(id)) return "declared";
  if (field === "value") return type.startsWith("Class") ? "value" : null;
  return field === "body" || field === "init" || field === "right" ? "value" : null;
}

function isNode(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** The name of a declaration, member or variable. */
function nameOf({ id, key, left }: Fields): string | null {
  const named = [id, key, left].find(isNode);
  return named === undefined ? null : typeof named.name === "string" ? named.name : null;
}
