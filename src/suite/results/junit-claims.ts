import { plural } from "../../shared/text.ts";

/** What an element of a JUnit file claims about its tests, and what was found in it. */
interface Suite {
  readonly name: string;
  readonly tests: number;
  readonly failures: number;
  errors: number;
  /** Tests that are counted but not listed, as some writers do. */
  readonly left: number;
  /** How many of each element were seen before this one began. */
  readonly before: ReadonlyMap<string, number>;
  /** The number of contradictions found before this one began. */
  readonly known: number;
  /** Whether its `tests` attribute counts something other than test cases. */
  countsOthers: boolean;
}

/**
 * Compares what the suites of a JUnit file claim in their attributes with the tests that they list. Only claims of more
 * than is listed are contradictions: many writers omit attributes, or give totals that include nested suites.
 */
export class Claims {
  /** One phrase each. */
  readonly contradictions: string[] = [];
  readonly #open: Suite[] = [];
  readonly #seen = new Map<string, number>();
  /** The text of a failure outside of any test, which some writers use instead of a message. */
  #outside: { readonly index: number; text: string } | null = null;

  /** A `<testsuites>` or `<testsuite>` begins. */
  begin(value: (attribute: string) => string): void {
    const count = (attribute: string): number => Number(value(attribute)) || 0;
    const [around] = this.#open;
    this.#open.push({
      name: value("name"),
      tests: count("tests"),
      failures: count("failures"),
      errors: count("errors"),
      left: count("skipped") + count("disabled") + count("ignored"),
      before: new Map(this.#seen),
      known: this.contradictions.length,
      countsOthers: around?.countsOthers === true || countsOthers(value),
    });
  }

  /** Called for every element. */
  see(element: string, value: (attribute: string) => string): void {
    this.#outside = null;
    this.#seen.set(element, (this.#seen.get(element) ?? 0) + 1);
    for (const suite of this.#open) {
      if (element === "testcase" && isOfDoctest(value)) suite.countsOthers = true;
      // Qt Test counts each warning that a test prints as an error.
      if (element === "property" && value("name") === "QTestVersion") suite.errors = 0;
    }
  }

  /** A test ends that is marked as failed but contains no failure. */
  seeFailed(test: string): void {
    this.contradictions.push(`the test "${test}" is called failed, but holds no failure`);
  }

  /** An element begins in a test suite, outside of any test. */
  seeOutside(element: string, message: string): void {
    if (element !== "failure" && element !== "error") return;
    const what = element === "error" ? "an error" : "a failure";
    const said = message.trim().split("\n")[0] ?? "";
    this.contradictions.push(`${this.#name()} has ${what} outside of any test${said === "" ? "" : `: ${said}`}`);
    if (said === "") this.#outside = { index: this.contradictions.length - 1, text: "" };
  }

  /** Text of the last element outside of any test. */
  addText(text: string): void {
    const outside = this.#outside;
    if (outside === null || outside.text !== "" || text.trim() === "") return;
    outside.text = text.trim().split("\n")[0] ?? "";
    this.contradictions[outside.index] += `: ${outside.text}`;
  }

  /** The innermost open suite ends. */
  end(): void {
    const name = this.#name();
    const suite = this.#open.pop();
    if (suite === undefined) return;
    const seen = (...elements: string[]): number =>
      elements.reduce((sum, one) => sum + (this.#seen.get(one) ?? 0) - (suite.before.get(one) ?? 0), 0);
    // Contradictions inside of this suite were already reported.
    if (this.contradictions.length > suite.known) return;
    // A rerun test may be listed once, with one element per failed attempt.
    const again = seen("flakyFailure", "flakyError", "rerunFailure", "rerunError");
    const bad = seen("failure", "error");
    const tests = seen("testcase");
    // Writers differ in what is an error and what a failure, so both are compared together.
    if (suite.failures + suite.errors > bad + again) {
      const counted = [
        ...(suite.failures > 0 ? [plural(suite.failures, "failure")] : []),
        ...(suite.errors > 0 ? [plural(suite.errors, "error")] : []),
      ];
      this.contradictions.push(`${name} counts ${counted.join(" and ")}, but lists ${only(bad)}`);
    } else if (suite.tests > tests + again + Math.max(0, suite.left - seen("skipped")) && !suite.countsOthers) {
      this.contradictions.push(`${name} counts ${plural(suite.tests, "test")}, but lists ${only(tests)}`);
    }
  }

  #name(): string {
    const name = this.#open.at(-1)?.name ?? "";
    return name === "" ? "a test suite" : `the test suite "${name}"`;
  }
}

function only(count: number): string {
  return count === 0 ? "none" : `only ${count}`;
}

/**
 * Whether `tests` counts something other than test cases, by the writer's traits: pytest also counts subtests, Catch2
 * (whose host is always "tbd") counts assertions.
 */
function countsOthers(value: (attribute: string) => string): boolean {
  return value("name") === "pytest tests" || value("name") === "pytest" || value("hostname") === "tbd";
}

/** Whether a test case is one of C++'s doctest, which counts assertions. */
function isOfDoctest(value: (attribute: string) => string): boolean {
  return value("status") === "run" && value("result") === "";
}
