import { plural } from "../../shared/text.ts";

/** What an element of a JUnit XML file claims of the tests in it, and what was seen there. */
interface Suite {
  readonly name: string;
  readonly tests: number;
  readonly failures: number;
  errors: number;
  /** Tests that some writers count and do not list. */
  readonly left: number;
  /** How often each element was seen before it began. */
  readonly before: ReadonlyMap<string, number>;
  /** How many contradictions there were before it began. */
  readonly known: number;
  /** Whether its writer counts something else than test cases as `tests`. */
  countsOthers: boolean;
}

/**
 * Holds what the test suites of a JUnit XML file claim in their attributes against the tests that they list. Only what claims
 * more than is listed contradicts itself: many writers leave attributes out, or give the sums of the suites below.
 */
export class Claims {
  /** A phrase each. */
  readonly contradictions: string[] = [];
  readonly #open: Suite[] = [];
  readonly #seen = new Map<string, number>();
  /** The text of a failure outside of any test, which a writer may give in place of a message. */
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

  /** Any element begins. */
  see(element: string, value: (attribute: string) => string): void {
    this.#outside = null;
    this.#seen.set(element, (this.#seen.get(element) ?? 0) + 1);
    for (const suite of this.#open) {
      if (element === "testcase" && isOfDoctest(value)) suite.countsOthers = true;
      // Qt Test counts each warning that a test prints as an error.
      if (element === "property" && value("name") === "QTestVersion") suite.errors = 0;
    }
  }

  /** A test that is called failed, and holds no failure, ends. */
  seeFailed(test: string): void {
    this.contradictions.push(`the test "${test}" is called failed, but holds no failure`);
  }

  /** An element begins directly in a test suite, outside of any test. */
  seeOutside(element: string, message: string): void {
    if (element !== "failure" && element !== "error") return;
    const what = element === "error" ? "an error" : "a failure";
    const said = message.trim().split("\n")[0] ?? "";
    this.contradictions.push(`${this.#name()} has ${what} outside of any test${said === "" ? "" : `: ${said}`}`);
    if (said === "") this.#outside = { index: this.contradictions.length - 1, text: "" };
  }

  /** The text of what began last, outside of any test. */
  addText(text: string): void {
    const outside = this.#outside;
    if (outside === null || outside.text !== "" || text.trim() === "") return;
    outside.text = text.trim().split("\n")[0] ?? "";
    this.contradictions[outside.index] += `: ${outside.text}`;
  }

  /** The suite that began last ends. */
  end(): void {
    const name = this.#name();
    const suite = this.#open.pop();
    if (suite === undefined) return;
    const seen = (...elements: string[]): number =>
      elements.reduce((sum, one) => sum + (this.#seen.get(one) ?? 0) - (suite.before.get(one) ?? 0), 0);
    // What contradicts itself within a suite has been said.
    if (this.contradictions.length > suite.known) return;
    // A test that was run again may be listed once, with an element for each time that it did not pass.
    const again = seen("flakyFailure", "flakyError", "rerunFailure", "rerunError");
    const bad = seen("failure", "error");
    const tests = seen("testcase");
    // What is an error to one writer is a failure to another, so both are held together.
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
 * Whether a writer counts something else than test cases as `tests`, by the marks that it leaves: pytest counts each subtest
 * as well, Catch2 (whose host is always "tbd") counts assertions.
 */
function countsOthers(value: (attribute: string) => string): boolean {
  return value("name") === "pytest tests" || value("name") === "pytest" || value("hostname") === "tbd";
}

/** Whether a test case is one of C++'s doctest, which counts assertions. */
function isOfDoctest(value: (attribute: string) => string): boolean {
  return value("status") === "run" && value("result") === "";
}
