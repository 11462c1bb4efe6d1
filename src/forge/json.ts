import { UnavailableError } from "../shared/errors.ts";

/** Parses a program's JSON output. Throws UnavailableError where it is invalid. */
export function parseJson<Value>(program: string, text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    throw new UnavailableError(`What ${program} answered is not JSON: a newer ${program} may be needed.`);
  }
}
