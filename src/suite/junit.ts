import { createReadStream } from "node:fs";
import sax from "sax";

/** One `<testcase>` of a JUnit XML file. */
export interface TestCase {
  readonly classname: string;
  readonly name: string;
  /** As the runner names it; empty where it names none. */
  readonly file: string;
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  /** The `message` attribute of the failure or error. */
  readonly message: string;
  /** The text of the failure or error. */
  readonly details: string;
  readonly properties: ReadonlyMap<string, string>;
}

type Draft = { -readonly [Key in keyof TestCase]: TestCase[Key] } & { properties: Map<string, string> };

const outcomes: Readonly<Record<string, TestCase["outcome"]>> = {
  failure: "failed",
  error: "error",
  skipped: "skipped",
};

/** The tests of a JUnit XML file, in its order. Rejects where the file is missing or is not well-formed to its end. */
export async function readJunit(path: string): Promise<TestCase[]> {
  const cases: TestCase[] = [];
  const parser = sax.createStream(true, { trim: false, position: false });
  let current: Draft | null = null;
  let inDetails = false;

  parser.on("opentag", ({ name, attributes }) => {
    const value = (attribute: string): string => String(attributes[attribute] ?? "");
    if (name === "testcase") current = draft(value);
    if (current === null) return;
    if (name === "property") current.properties.set(value("name"), value("value"));
    const outcome = outcomes[name];
    if (outcome === undefined || worse(current.outcome, outcome)) return;
    current.outcome = outcome;
    current.message = value("message");
    current.details = "";
    inDetails = true;
  });
  const addText = (text: string): void => {
    if (inDetails && current !== null) current.details += text;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", (name) => {
    if (outcomes[name] !== undefined) inDetails = false;
    if (name !== "testcase" || current === null) return;
    cases.push(current);
    current = null;
  });
  await new Promise<void>((resolve, reject) => {
    const source = createReadStream(path);
    source.on("error", reject);
    parser.on("error", reject);
    parser.on("end", resolve);
    source.pipe(parser);
  });
  return cases;
}

function draft(value: (attribute: string) => string): Draft {
  return {
    classname: value("classname"),
    name: value("name"),
    file: value("file"),
    seconds: Number(value("time")) || 0,
    outcome: "passed",
    message: "",
    details: "",
    properties: new Map(),
  };
}

/** Whether what is known of a test already weighs more than the next element: a failure is not undone by a skip. */
function worse(known: TestCase["outcome"], next: TestCase["outcome"]): boolean {
  return (known === "failed" || known === "error") && next === "skipped";
}
