import sax from "sax";
import { Claims } from "./junit-claims.ts";
import { readXmlText } from "./junit-encoding.ts";

/** One `<testcase>` of a JUnit XML file. */
export interface TestCase {
  readonly classname: string;
  readonly name: string;
  /** As the runner names it; empty where it gives none. */
  readonly file: string;
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  /** The `message` attribute of the failure or error. */
  readonly message: string;
  /** The text of the failure or error. */
  readonly details: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** The content of a JUnit file. */
export interface JunitResults {
  /** In the file's order. */
  readonly cases: readonly TestCase[];
  /** Claims that the listed tests contradict, a phrase each: such a file does not prove that all passed. */
  readonly contradictions: readonly string[];
}

type Draft = { -readonly [Key in keyof TestCase]: TestCase[Key] } & { properties: Map<string, string> };

const outcomes: ReadonlyMap<string, TestCase["outcome"]> = new Map([
  ["failure", "failed"],
  ["error", "error"],
  ["skipped", "skipped"],
]);

// The default of 64 KiB per attribute is too small for some messages.
Object.assign(sax, { MAX_BUFFER_LENGTH: Number.POSITIVE_INFINITY });

/** The possible root elements; some writers write a single test. */
const roots: ReadonlySet<string> = new Set(["testsuites", "testsuite", "testcase"]);

/** Reads a JUnit file. Rejects where it is missing, empty, not well-formed to its end, or not unambiguous JUnit XML. */
export async function readJunit(path: string): Promise<JunitResults> {
  const cases: TestCase[] = [];
  const claims = new Claims();
  const parser = sax.parser(true, { trim: false, position: true });
  /** The open elements, the root first. */
  const open: string[] = [];
  let hasRoot = false;
  let current: Draft | null = null;
  let isCalledFailed = false;
  let inDetails = false;

  parser.onopentag = ({ name: written, attributes }) => {
    const name = localName(written);
    const value = (attribute: string): string => String(attributes[attribute] ?? "");
    if (open.length === 0 && !roots.has(name)) throw new Error(`its root is <${written}>, so it is no JUnit XML`);
    hasRoot = true;
    const parent = open.at(-1);
    open.push(name);
    if (name === "testsuite" || name === "testsuites") claims.begin(value);
    if (name === "testcase") {
      if (current !== null) throw new Error(`line ${parser.line + 1} has a <testcase> within a <testcase>`);
      current = draft(value);
      isCalledFailed = isOneOf(value, failed) || /^(?:false|0|no)$/i.test(value("success"));
    }
    claims.see(name, value);
    if (current === null) {
      if (parent === "testsuite" || parent === "testsuites") claims.seeOutside(name, value("message"));
      return;
    }
    if (name === "property") current.properties.set(value("name"), value("value"));
    const outcome = outcomes.get(name);
    if (outcome === undefined || worse(current.outcome, outcome)) return;
    current.outcome = outcome;
    current.message = value("message");
    current.details = "";
    inDetails = true;
  };
  const addText = (text: string): void => {
    if (inDetails && current !== null) current.details += text;
    else if (current === null) claims.addText(text);
  };
  parser.ontext = addText;
  parser.oncdata = addText;
  parser.onclosetag = (written) => {
    const name = localName(written);
    open.pop();
    if (outcomes.has(name)) inDetails = false;
    if (name === "testsuite" || name === "testsuites") claims.end();
    if (name !== "testcase" || current === null) return;
    if (isCalledFailed && current.outcome === "passed") claims.seeFailed(current.name);
    cases.push(current);
    current = null;
  };
  parser.onerror = (error) => {
    throw error;
  };
  for await (const text of readXmlText(path)) parser.write(text);
  parser.close();
  if (!hasRoot) throw new Error("it holds no element");
  return { cases, contradictions: claims.contradictions };
}

/** Contradictions in results, one sentence each; `whose` begins the sentence, such as "The results of backend". */
export function contradictionReasons(whose: string, { contradictions }: JunitResults): string[] {
  return contradictions.map((what) => `${whose} contradict themselves: ${what}.`);
}

/** An element's name without the prefix of its namespace. */
function localName(written: string): string {
  return written.slice(written.indexOf(":") + 1);
}

/** Values of `status`, `result` or `outcome` that writers use in addition to, or instead of, an element. */
const notRun = /^(?:not[ -_]?run|skip(?:ped)?|disabled|ignored|suppressed|pending)$/i;
const failed =
  /^(?:fail(?:ed|ure)?|error(?:ed)?|broken|crash(?:ed)?|time[ -_]?out|abort(?:ed)?|cancel(?:l?ed)?|interrupted)$/i;

function isOneOf(value: (attribute: string) => string, words: RegExp): boolean {
  return ["status", "result", "outcome"].some((attribute) => words.test(value(attribute)));
}

/** What is no duration counts as none: negative, infinite, or no number. */
function secondsIn(text: string): number {
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}

function draft(value: (attribute: string) => string): Draft {
  return {
    classname: value("classname"),
    name: value("name"),
    file: value("file"),
    seconds: secondsIn(value("time")),
    outcome: isOneOf(value, notRun) ? "skipped" : "passed",
    message: "",
    details: "",
    properties: new Map(),
  };
}

/** Whether the known outcome is worse than the next one: a skip does not undo a failure. */
function worse(known: TestCase["outcome"], next: TestCase["outcome"]): boolean {
  return (known === "failed" || known === "error") && next === "skipped";
}
