import { UnavailableError } from "../shared/errors.ts";

/** What a program wrote as JSON. Throws UnavailableError where it wrote something else. */
export function parseJson<Value>(program: string, text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    throw new UnavailableError(`What ${program} answered is not JSON: a newer ${program} may be needed.`);
  }
}
